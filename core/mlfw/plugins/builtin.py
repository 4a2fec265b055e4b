"""What is built into the core: components that leave a step out, and jobs on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.components import (
    Deployer,
    Deployment,
    Executor,
    FitContext,
    JobFunction,
    RunInfo,
    Search,
    SearchRange,
    Tracker,
    Trainer,
    Tuner,
)
from mlfw.errors import UserError
from mlfw.jobs.local import LocalExecutor
from mlfw.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(kw_only=True)
class NoTrainer(Trainer):
    """Trains nothing: for models that are fitted in one go."""

    def train(self, learner: Any, context: FitContext) -> Any:  # noqa: ARG002
        """Refuse."""
        raise UserError(
            "trainer=none: this model learns step by step and needs a trainer.",
            "Set trainer=lightning.",
        )


@dataclass(kw_only=True)
class NoTuner(Tuner):
    """Keeps the model's hyper-parameters as they are configured."""

    def check(self) -> None:
        """Check that nothing is asked for."""
        if self.space:
            raise UserError(
                "tuner.space: tuner=none tries nothing.", "Set tuner=grid or tuner=random."
            )

    def search(
        self,
        space: Mapping[str, SearchRange],  # noqa: ARG002
        seed: int,  # noqa: ARG002
        *,
        maximize: bool,  # noqa: ARG002
    ) -> Search:
        """Begin a search that has ended."""
        return _NoSearch()


class _NoSearch(Search):
    total = 0

    def ask(self, number: int) -> None:  # noqa: ARG002
        return None

    def tell(self, number: int, params: Mapping[str, Any], value: float | None) -> None:
        pass


@dataclass(kw_only=True)
class NoTracker(Tracker):
    """Tracks nothing: the run directory holds all there is to know."""

    def start(self, run: RunInfo) -> None:
        """Do nothing."""

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Do nothing."""

    def finish(self, *, failed: bool) -> None:
        """Do nothing."""


@dataclass(kw_only=True)
class NoDeployer(Deployer):
    """Deploys nothing: the saved model stays in the run directory."""

    needs_rows: ClassVar[bool] = False

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment | None:  # noqa: ARG002
        """Do nothing."""
        return None


@hookimpl
def mlfw_trainers() -> dict[str, type[Trainer]]:
    """Register the trainer that stands for no training step by step."""
    return {"none": NoTrainer}


@hookimpl
def mlfw_tuners() -> dict[str, type[Tuner]]:
    """Register the tuner that stands for no tuning."""
    return {"none": NoTuner}


@hookimpl
def mlfw_trackers() -> dict[str, type[Tracker]]:
    """Register the tracker that stands for no tracking."""
    return {"none": NoTracker}


@hookimpl
def mlfw_deployers() -> dict[str, type[Deployer]]:
    """Register the deployer that stands for no deployment."""
    return {"none": NoDeployer}


@hookimpl
def mlfw_executors() -> dict[str, type[Executor]]:
    """Register the executor of this machine."""
    return {"local": LocalExecutor}


@hookimpl
def mlfw_jobs() -> dict[str, str | JobFunction]:
    """Register the jobs of a run's stages."""
    return {
        "fit_and_score": "mlfw.pipeline.jobs:fit_and_score",
        "fit": "mlfw.pipeline.jobs:fit",
    }
