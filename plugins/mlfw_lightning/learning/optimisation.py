"""How a network learns: the fields that every network has, whatever its layers are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from mlfw import limits, search

ROWS_PER_STEP = 50
SMALLEST_BATCH = 16


class OptimizerName(StrEnum):
    """How a step follows from the gradient."""

    adamw = "adamw"
    adam = "adam"
    sgd = "sgd"
    rmsprop = "rmsprop"
    muon = "muon"


class Schedule(StrEnum):
    """How the learning rate changes in the course of training."""

    constant = "constant"
    cosine = "cosine"
    linear = "linear"
    one_cycle = "one_cycle"
    step = "step"
    plateau = "plateau"


class Initialisation(StrEnum):
    """From which random numbers weights start; `default` leaves that to the layers."""

    default = "default"
    kaiming = "kaiming"
    xavier = "xavier"
    orthogonal = "orthogonal"
    truncated_normal = "truncated_normal"
    zero_bias = "zero_bias"


class Averaging(StrEnum):
    """Which mean of the weights of many steps is used in place of the last."""

    none = "none"
    ema = "ema"
    swa = "swa"


@dataclass(kw_only=True)
class Optimisation:
    """How a network learns.

    Attributes:
        largest_batch: How many rows a step learns from at most, unless batch_size says so.
        optimizer: adamw (Loshchilov and Hutter 2019), adam (Kingma and Ba 2015; weight decay is
            part of the gradient), sgd (with Nesterov's momentum), rmsprop (Hinton 2012), or muon
            (Jordan 2024) for the matrices of hidden layers and adamw for the rest.
        learning_rate: How far each step goes; with a schedule, where it goes furthest.
        weight_decay: How much weights are drawn to 0.
        momentum: How much of the last step is kept in the next; null for 0.9 with adamw, adam and
            sgd, 0.95 with muon, 0 with rmsprop.
        batch_size: How many rows a step learns from, over all processes; null to follow the
            number of rows, from 16 to 1024; to 128 or 256 with models of larger steps.
        schedule: How the learning rate changes: constant, cosine (down to 0, Loshchilov and
            Hutter 2017), linear (down to 0), one_cycle (up and down, Smith 2018), step (lowered
            schedule_drops times), plateau (lowered when the validation loss has not fallen for
            schedule_patience epochs). Cosine, linear, one_cycle and step follow trainer.epochs:
            with trainer.patience=null they reach their end.
        warmup: In which share of all steps the learning rate rises from nearly 0 at the start;
            null for 0.3 with one_cycle and for 0 with the others.
        schedule_drops: With schedule=step, how many times the learning rate is lowered, evenly
            over the steps after the warm-up.
        schedule_factor: With schedule=step or plateau, what the learning rate is multiplied by
            when it is lowered.
        schedule_patience: With schedule=plateau, after how many epochs without a lower validation
            loss the learning rate is lowered.
        label_smoothing: Which share of each label is spread over all classes in training
            (Szegedy et al. 2016).
        init: The weights to start from: default (the layers' own), kaiming (He et al. 2015),
            xavier (Glorot and Bengio 2010), orthogonal (Saxe et al. 2014), truncated_normal (of
            deviation 0.02), or zero_bias (default, but biases are 0).
        average: Which weights are kept: none (those of a step), ema (their exponential moving
            average, Polyak and Juditsky 1992), or swa (their mean from average_start on, Izmailov
            et al. 2018).
        average_decay: With average=ema, how much of the average is kept in each step.
        average_start: With average=swa, after which share of all steps averaging begins; with
            trainer.patience=null no training ends before.
    """

    largest_batch: ClassVar[int] = 1024

    optimizer: OptimizerName = OptimizerName.adamw
    learning_rate: float = field(
        default=3e-3, metadata=limits(above=0) | search(1e-4, 1e-1, log=True)
    )
    weight_decay: float = field(
        default=1e-2, metadata=limits(minimum=0) | search(1e-5, 1e-1, log=True)
    )
    momentum: float | None = field(default=None, metadata=limits(minimum=0, below=1))
    batch_size: int | None = field(default=None, metadata=limits(minimum=1))
    schedule: Schedule = Schedule.constant
    warmup: float | None = field(default=None, metadata=limits(minimum=0, below=1))
    schedule_drops: int = field(default=2, metadata=limits(minimum=1))
    schedule_factor: float = field(default=0.1, metadata=limits(above=0, below=1))
    schedule_patience: int = field(default=5, metadata=limits(minimum=1))
    label_smoothing: float = field(default=0.0, metadata=limits(minimum=0, below=1))
    init: Initialisation = Initialisation.default
    average: Averaging = Averaging.none
    average_decay: float = field(default=0.999, metadata=limits(minimum=0, below=1))
    average_start: float = field(default=0.75, metadata=limits(minimum=0, below=1))

    def rows_per_step(self, rows: int) -> int:
        """Return the batch size for so many training rows."""
        if self.batch_size is not None:
            return self.batch_size
        wanted = 2 ** round(math.log2(max(rows / ROWS_PER_STEP, 1)))
        return int(min(max(wanted, SMALLEST_BATCH), self.largest_batch))
