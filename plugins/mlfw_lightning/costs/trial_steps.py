"""A few real steps of training and validation, timed, on a network that is thrown away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import TypeVar

import torch
from lightning_fabric.utilities.apply_func import move_data_to_device
from torch import Tensor, nn
from torch.optim import Optimizer

from mlfw_lightning.fine_tuning.blocks import parameter_groups
from mlfw_lightning.learner import Learner
from mlfw_lightning.learning.optimizers import build_optimizer
from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.batches import batches_of
from mlfw_lightning.loop.losses import loss_sum
from mlfw_lightning.loop.start import start_network

# Timing may take this share of a training, but these seconds whatever the training takes.
SHARE, LEAST_SECONDS, MOST_SECONDS = 0.01, 0.15, 1.5
MOST_GROUPS = 50
GROWTH = 4
# A GPU is waited for only now and then, as in training: waiting for it takes time itself.
GPU_GROUP = 8
Given = TypeVar("Given")
TYPES = {"16": torch.float16, "bf16": torch.bfloat16, "64": torch.float64}


@dataclass(frozen=True)
class StepCost:
    """What steps cost.

    Attributes:
        seconds: How long a step takes.
        steps: How many were timed.
        first_batch: How many seconds an epoch's first batch is waited for.
    """

    seconds: float
    steps: int
    first_batch: float


class TrialSteps:
    """A fresh network of a learner, and the optimiser, for steps that teach nobody anything.

    Attributes:
        size: How many rows of a batch one process sees.
        kept: How many bytes a step keeps of a whole batch for its way back, on a CPU.
    """

    def __init__(
        self, learner: Learner, *, device: torch.device, precision: str, seed: int, world: int
    ) -> None:
        self._learner = learner
        self._device = device
        self._seed, self._world = seed, world
        kind, _, how = precision.partition("-")
        self._type = TYPES.get(kind, torch.float32)
        self._mixed = how == "mixed"
        self._batch = learner.model.rows_per_step(learner.train.rows)
        self.size = max(min(self._batch, learner.train.rows) // world, 1)
        network = start_network(learner.model, learner.shape).to(device)
        self.network: nn.Module = network if self._mixed else network.to(self._type)
        self.optimizer = self.build_optimizer(self.network)
        self.kept = 0
        self._group = 1 if device.type == "cpu" else GPU_GROUP

    def build_optimizer(self, network: nn.Module) -> Optimizer:
        """Return the optimiser of a network of this shape, as training uses it."""
        model = self._learner.model
        fused = self._device.type in ("cpu", "cuda")
        groups = parameter_groups(network, model)
        return build_optimizer(model, groups, network=network, fused=fused)

    def train(self, planned_rows: int) -> StepCost:
        """Take steps, and return what one costs: the median, as others may use the machine too.

        The first step is not counted, unless it alone takes longer than timing may.

        Args:
            planned_rows: How many rows the training learns from at least, each as often as it is
                seen. Of few, only a part of each batch is taken, so that timing stays a small
                part of the whole.
        """
        rows = min(self.size, max(int(planned_rows * SHARE / 2), 1))
        self.network.train()
        batches = self._batches(rows)
        start = time.perf_counter()
        batch = next(batches)
        first_batch = time.perf_counter() - start
        taken = _seconds(self._first_step, batch)
        # Much of a short step does not depend on its rows, so that a few rows tell too little.
        while rows < self.size and self._short(batches):
            rows = min(rows * GROWTH, self.size)
            batches = self._batches(rows)
            taken = _seconds(self._first_step, next(batches))
        share = rows / self.size
        planned = planned_rows / rows / self._world
        self.kept = int(self.kept / share)
        if taken > _allowed(taken * planned):
            return StepCost(taken / share, 1, first_batch)
        each: list[float] = []
        while len(each) < MOST_GROUPS and sum(each) * self._group < _allowed(
            planned * (median(each) if each else 0.0)
        ):
            some = islice(batches, self._group)
            each.append(_seconds(self._steps, some) / self._group)
        return StepCost(median(each) / share, len(each) * self._group, first_batch)

    def _short(self, batches: Iterator[Batch]) -> bool:
        """Tell whether steps of several times the rows are still short."""
        least = min(_seconds(self._steps, islice(batches, 1)) for _ in range(2))
        return least * GROWTH < LEAST_SECONDS

    def validate(self) -> float:
        """Return how many seconds a row takes in validation, in batches as large as there are."""
        rows = self._learner.validation
        self.network.eval()
        size = min(self.size, rows.rows)
        while True:
            batch = next(iter(batches_of(rows, size, shuffle_seed=None)))
            seconds = min(_seconds(self._validate, batch) for _ in range(2))
            larger = min(size * 4, self._learner.shape.rows_at_once, rows.rows)
            if larger == size or seconds * 4 > LEAST_SECONDS / 4:
                return seconds / max(size, 1)
            size = larger

    def state_bytes(self) -> tuple[int, int]:
        """Return how many bytes the weights take, and how many the optimiser's state."""
        weights = sum(tensor.nbytes for tensor in self.network.state_dict().values())
        tensors = (
            value
            for state in self.optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor)
        )
        return weights, sum(tensor.nbytes for tensor in tensors)

    def _batches(self, rows: int) -> Iterator[Batch]:
        """Yield the first rows of the training's batches, epoch after epoch."""
        learner = self._learner
        batches = batches_of(
            learner.train,
            self._batch,
            shuffle_seed=self._seed,
            world=self._world,
            vary=learner.vary,
        )
        some = slice(rows)
        while True:
            for batch in batches:
                targets = tuple(target[some] for target in batch.targets)
                yield Batch(batch.inputs.rows(some), targets, batch.whole)

    def _first_step(self, batch: Batch) -> None:
        """Take a step, noting what it keeps beside the weights for its way back."""
        weights = {tensor.untyped_storage().data_ptr() for tensor in self.network.parameters()}
        kept: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            loss = self.loss(self.network, batch)
        self.kept = sum(kept.values())
        self._update(loss)
        self._wait()

    def _steps(self, batches: Iterator[Batch]) -> None:
        for batch in batches:
            self._update(self.loss(self.network, batch))
        self._wait()

    def _update(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()

    @torch.no_grad()
    def _validate(self, batch: Batch) -> None:
        self.loss(self.network, batch)
        self._wait()

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return the mean loss of a batch; it is moved to the device."""
        inputs, targets, whole = move_data_to_device(batch, self._device)
        if not self._mixed:
            inputs = inputs._replace(numbers=inputs.numbers.to(self._type))
        with self._autocast():
            scores = network(inputs).float()
        total: Tensor = loss_sum(scores, targets, self._learner.heads) / whole
        return total

    def _autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self._device.type, self._type) if self._mixed else nullcontext()

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        elif self._device.type == "mps":
            torch.mps.synchronize()


def _allowed(planned_seconds: float) -> float:
    """Return how long timing may take for a training of so many seconds."""
    return min(max(SHARE * planned_seconds, LEAST_SECONDS), MOST_SECONDS)


def _seconds(act: Callable[[Given], object], given: Given) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    act(given)
    return time.perf_counter() - start
