"""What a training will cost, from a few timed steps."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mlfw import Estimate, FitContext
from mlfw.files import write_bytes
from mlfw.memory import peak_memory, resident_memory
from mlfw_lightning.costs.duration import seconds_of
from mlfw_lightning.costs.trial_steps import StepCost, TrialSteps
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.randomness import seeded
from mlfw_lightning.loop.streamed import WINDOW_BYTES
from mlfw_lightning.loop.threads import threads_for
from mlfw_tabular import Arrays, MemoryArrays, window_rows

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

# Starting a process and importing Lightning in it; ranks do it side by side.
RANK_SECONDS = 5.0
PIECE_BYTES = 16_000_000


def training_estimate(
    options: LightningTrainer, learner: Learner, context: FitContext, device: torch.device
) -> Estimate:
    """Return what `LightningTrainer.train` will cost.

    A network of the same shape takes real steps on real batches; the first is not counted.
    Memory is what this process holds already, and weights, gradients, the optimiser's state, a
    copy of the best weights, a checkpoint, and what a step keeps for its way back; of a GPU it is
    what the steps were seen to take of it.

    Args:
        options: The trainer's configuration.
        learner: What is to be trained; it is left as it is.
        context: The seed, and a folder.
        device: What is to be trained on, or one of several alike.
    """
    world = options.devices * options.nodes
    held = resident_memory()
    with seeded(context.seed), _threads(options, device):
        trial = TrialSteps(
            learner, device=device, precision=options.precision, seed=context.seed, world=world
        )
        with threads_for(trial.network, learner.shape, trial.size):
            step = trial.train(_least_epochs(options) * learner.train.rows)
            row = trial.validate()
        saved = _checkpoint_bytes(trial) if options.checkpoint and context.final else 0
        saving = _writing_seconds(context.folder, saved) if saved else 0.0
    epoch = _epoch_seconds(learner, step, trial.size * world)
    epoch += row * learner.validation.rows / world + saving
    whole = options.epochs * epoch
    bound = seconds_of(options.max_time, "trainer.max_time") if options.max_time else math.inf
    starting = RANK_SECONDS if world > 1 else 0.0
    return Estimate(
        seconds=min(whole, bound) + starting,
        basis=f"{step.steps} timed step{'s' if step.steps > 1 else ''}",
        memory=_memory(trial, device, held, saved, options.devices),
        epochs=options.epochs if whole <= bound else max(int(bound / epoch), 1),
        epoch_seconds=epoch,
        at_most=options.patience is not None or whole > bound,
        predict_seconds=row * learner.validation.rows,
        device=_name(device, world),
    )


def _least_epochs(options: LightningTrainer) -> int:
    """Return after how many epochs early stopping may end the training."""
    return min(options.epochs, (options.patience or options.epochs) + 1)


def _epoch_seconds(learner: Learner, step: StepCost, rows_a_step: int) -> float:
    """Return how long an epoch's steps take; rows of files are read beside them."""
    rows = learner.train
    learning = rows.rows / rows_a_step * step.seconds + step.first_batch
    return max(learning, _windows(rows) * step.first_batch)


def _windows(rows: Arrays) -> int:
    """Return in how many windows rows are read; see `mlfw_lightning.loop.streamed`."""
    if isinstance(rows, MemoryArrays):
        return 1
    return math.ceil(rows.rows / window_rows(rows, WINDOW_BYTES))


def _checkpoint_bytes(trial: TrialSteps) -> int:
    """Return how large a checkpoint is: the weights, the best ones, the optimiser's state."""
    weights, state = trial.state_bytes()
    return 2 * weights + state


def _writing_seconds(folder: Path, size: int) -> float:
    """Return how long it takes to write so many bytes, from writing some of them."""
    piece = min(size, PIECE_BYTES)
    start = time.perf_counter()
    write_bytes(folder / "timed", bytes(piece))
    return (time.perf_counter() - start) * size / piece


def _memory(
    trial: TrialSteps, device: torch.device, held: int, saved: int, processes: int
) -> int | None:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if device.type != "cpu":
        return None
    weights, state = trial.state_bytes()
    needed = held + 3 * weights + state + trial.kept + saved
    return max(peak_memory(), needed) if processes == 1 else held + processes * needed


def _name(device: torch.device, world: int) -> str:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return f"{world} x {name}" if world > 1 else name


@contextmanager
def _threads(options: LightningTrainer, device: torch.device) -> Iterator[None]:
    """Leave the cores to compute on that one rank has where there are several."""
    before = torch.get_num_threads()
    if device.type == "cpu" and options.devices > 1:
        torch.set_num_threads(max((os.cpu_count() or 1) // options.devices, 1))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        yield
    finally:
        torch.set_num_threads(before)
