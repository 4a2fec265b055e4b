"""The contract of trainers, and what a fit is given to work with."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.components.component import Component
from mlfw.components.dataset import Progress, silent
from mlfw.components.estimate import Estimate
from mlfw.components.imports import Imports

if TYPE_CHECKING:
    from pathlib import Path

    from mlfw.cache import Cache
    from mlfw.components.executor import Workers


def untold(*_: Any) -> None:
    """Tell nobody."""


def never() -> bool:
    """Say that nothing asks to stop."""
    return False


@dataclass(kw_only=True)
class Trainer(Component):
    """Drives models that learn step by step.

    What a learner is, is agreed between trainer and model: the core does not look inside. A
    model that needs a certain trainer says so in its `fit`.
    """

    kind: ClassVar[str] = "trainer"

    def most_epochs(self) -> int | None:
        """Return how many epochs a training takes at most, where that is known."""
        return None

    def gpus_used(self, available: int) -> int:  # noqa: ARG002
        """Return how many GPUs one training takes, with all processes that it starts.

        Args:
            available: How many the executor's machines have.
        """
        return 0

    def check_machines(self, *, several: bool) -> None:
        """Check that the training does not need more machines than there may be.

        Args:
            several: Whether the executor runs jobs on several machines.

        Raises:
            UserError: It does.
        """

    def estimate(self, learner: Any, context: FitContext) -> Estimate | None:  # noqa: ARG002
        """Return what `train` will cost with the same arguments; None where that is not known.

        Models that learn through a trainer call it from their own `estimate`, and add what they
        do besides.

        Args:
            learner: See `train`; it is left as it is.
            context: See `train`.
        """
        return None

    @abstractmethod
    def train(self, learner: Any, context: FitContext) -> Any:
        """Train the learner and return what it has learnt.

        Args:
            learner: What is trained, in the form that the trainer documents.
            context: The seed, where to keep checkpoints, and whom to tell of finished epochs.

        Raises:
            UserError: The learner is not of the documented form, or a device is not there.
        """


@dataclass(frozen=True, kw_only=True)
class FitContext:
    """What a fit is given beside its data.

    Attributes:
        trainer: Drives models that learn step by step; the others leave it alone.
        seed: What all randomness of the fit follows from.
        folder: A folder for checkpoints. It outlives a killed run: a fit that finds its own
            checkpoints there continues from them.
        report: Called after every epoch with the epoch's number, from 1, and its values by name.
        progress: Called some times a second within an epoch: how many rows have been learnt from
            since the training began, how many it will be at most, and the latest values by name.
        preparing: Called now and then while rows are made ready to be learnt from; see
            `LoadContext.progress`.
        note: Called with a sentence that the user should read, such as that training no longer
            improves and what to try.
        stopping: Says whether the process was asked to end. A training that calls it after every
            step has 25 seconds from then to save what it needs to continue and to raise
            `mlfw.StopRequested`; a fit that never calls it is interrupted at once.
        workers: Runs jobs that the fit starts, such as the ranks of a training; None where the
            caller has none.
        final: Whether the fit is the run's own and not one of many trials.
        cache: Where to keep what is costly to prepare and the next fit may need again; None to
            keep nothing.
        imports: From which packages code may be imported that the configuration names.
    """

    trainer: Trainer
    seed: int
    folder: Path
    report: Callable[[int, Mapping[str, float]], None]
    progress: Callable[[int, int, Mapping[str, float]], None] = untold
    preparing: Progress = silent
    note: Callable[[str], None] = untold
    stopping: Callable[[], bool] = never
    workers: Workers | None = None
    final: bool = True
    cache: Cache | None = None
    imports: Imports = field(default_factory=Imports)
