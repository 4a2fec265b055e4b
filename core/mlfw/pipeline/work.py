"""What the stages of a run share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from mlfw.cache import Cache
from mlfw.components import (
    NO_CREW,
    Crew,
    FitContext,
    Imports,
    LoadContext,
    Objective,
    OpaqueModel,
    RowSplits,
    Splits,
    StreamedSplits,
)
from mlfw.components.imports import code_version
from mlfw.config import RunConfig
from mlfw.files import digest
from mlfw.pipeline.events import Events
from mlfw.pipeline.metrics import Measure, choose_metrics
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.splits_file import load_splits
from mlfw.pipeline.stop import StopSignal
from mlfw.plugins import Plugins
from mlfw.runs import RunDirectory
from mlfw.runs.environment import mlfw_version
from mlfw.runs.stages import is_finished, mark_finished

Result = TypeVar("Result")


@dataclass
class Work:
    """One run under way."""

    config: RunConfig
    directory: RunDirectory
    plugins: Plugins
    events: Events
    monitor: Monitor
    fingerprints: dict[str, str] = field(default_factory=dict)
    cache: Cache | None = None
    imports: Imports = field(default_factory=Imports)
    stop: StopSignal = field(default_factory=StopSignal)
    crew: Crew = NO_CREW

    @property
    def opaque(self) -> bool:
        """Whether the data are not rows of a table."""
        return isinstance(self.config.model, OpaqueModel)

    @cached_property
    def data(self) -> Any:
        """What the model learns from.

        Divided rows are read from the run directory unless they were just made; other data are
        loaded from their source.
        """
        if self.opaque:
            return self.config.dataset.load(self.load_context(None))
        return load_splits(self.directory.data, self.fingerprints.get("prepare", ""))

    @property
    def splits(self) -> RowSplits:
        """The data, where they are divided rows."""
        assert isinstance(self.data, Splits | StreamedSplits)
        return self.data

    @cached_property
    def metrics(self) -> Mapping[str, Measure | Objective]:
        """What the run measures; of opaque data only the value that ranks models is known."""
        if isinstance(self.config.model, OpaqueModel):
            objective = self.config.model.objective()
            return {objective.name: objective} if objective else {}
        return self.measures

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """What the run measures of predictions for rows."""
        return choose_metrics(self.config.metrics, self.splits.schema, self.plugins.registry)

    def stage(self, name: str, inputs: Any, detail: str, act: Callable[[], None]) -> None:
        """Run a stage, unless it has ended with the same inputs before.

        Args:
            name: The stage's name.
            inputs: All that its outcome follows from, as plain data.
            detail: What it works on, for whoever watches.
            act: The stage itself.
        """
        fingerprint = digest([name, inputs, mlfw_version()])
        self.fingerprints[name] = fingerprint
        if is_finished(self.directory, name, fingerprint):
            self.monitor.stage_done(name, 0.0, skipped=True)
            return
        self.monitor.stage(name, detail)
        start = time.perf_counter()
        act()
        seconds = time.perf_counter() - start
        mark_finished(self.directory, name, fingerprint, seconds)
        self.monitor.stage_done(name, seconds, skipped=False)
        self.events.stage_finished(name)
        self.stop.part_ended()

    def plugin_version(self, kind: str) -> str:
        """Return which version of which distribution a chosen component comes from."""
        entry = self.plugins.registry.get(kind, self.config.choice(kind))
        versions = {info.distribution: info.version for info in self.plugins.infos}
        own = f"{entry.distribution} {versions.get(entry.distribution, '')}"
        named = getattr(self.config, kind).code().values()
        return " ".join([own, *(part for target in named for part in code_version(target))])

    def load_context(self, folder: Path | None) -> LoadContext:
        """Return what a data set is given to load with.

        Args:
            folder: An empty folder for rows that are too many for memory, if any.
        """
        return LoadContext(
            split=self.config.split,
            seed=self.config.seed,
            progress=self.monitor.steps,
            folder=folder,
            imports=self.imports,
        )

    def context(self, folder_name: str, *, final: bool) -> FitContext:
        """Return what a fit is given beside its data.

        Args:
            folder_name: The folder for checkpoints, in the run directory unless it is absolute.
            final: Whether the fit is the run's own.
        """
        self.stop.part_ended()
        folder = self.directory.path / folder_name
        folder.mkdir(parents=True, exist_ok=True)
        return FitContext(
            trainer=self.config.trainer,
            seed=self.config.seed,
            folder=folder,
            report=self._report if final else _ignore,
            stopping=self.stop.asked,
            crew=self.crew,
            final=final,
            cache=self.cache,
            imports=self.imports,
        )

    def _report(self, epoch: int, values: Mapping[str, float]) -> None:
        total = self.config.trainer.most_epochs()
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        self.monitor.steps(epoch, total, shown)
        self.events.epoch_finished(epoch, values)


def _ignore(epoch: int, values: Mapping[str, float]) -> None:
    pass
