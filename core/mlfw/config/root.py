"""The root of the configuration: what belongs to a run and to none of its components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlfw.components import (
    Dataset,
    Deployer,
    Executor,
    Metric,
    Model,
    Split,
    Tracker,
    Trainer,
    Tuner,
)

DEFAULT_CHOICES = {
    "model": "boosting",
    "trainer": "lightning",
    "tuner": "none",
    "tracker": "none",
    "deployer": "none",
    "executor": "local",
}


@dataclass(kw_only=True)
class RunSettings:
    """Where a run is kept.

    Attributes:
        folder: The folder that holds the run directories; `MLFW_RUNS` or `runs` when left out.
        name: The run's name; made from data set, model and time when left out.
        dir: The run directory itself, in place of folder and name.
        license: The licence of the model, for its card, such as CC-BY-4.0.
    """

    folder: str | None = None
    name: str | None = None
    dir: str | None = None
    license: str | None = None


@dataclass(kw_only=True)
class RootSettings:
    """The sections beside the components.

    Attributes:
        seed: What all randomness follows from.
        run: Where the run is kept.
        split: How rows are divided.
    """

    seed: int = 0
    run: RunSettings = field(default_factory=RunSettings)
    split: Split = field(default_factory=Split)


@dataclass(kw_only=True)
class RootSchema(RootSettings):
    """The root as Hydra is given it: with a place for each kind of component."""

    dataset: Any = None
    model: Any = None
    trainer: Any = None
    tuner: Any = None
    metrics: Any = field(default_factory=dict)
    tracker: Any = None
    deployer: Any = None
    executor: Any = None


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """A composed configuration: every component built, every value checked.

    Attributes:
        frozen: The same as plain data that `mlfw run` takes again; environment variables that it
            refers to are not resolved in it.
        origins: Where each value came from, by dotted key.
        notes: What the user should know about how it was composed.
    """

    seed: int
    run: RunSettings
    split: Split
    dataset: Dataset
    model: Model
    trainer: Trainer
    tuner: Tuner
    metrics: Mapping[str, Metric]
    tracker: Tracker
    deployer: Deployer
    executor: Executor
    frozen: Mapping[str, Any]
    origins: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def choice(self, kind: str) -> str:
        """Return the name of the component chosen for a kind."""
        return str(self.frozen[kind]["use"])
