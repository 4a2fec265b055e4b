"""What the stages of a run share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from mlfw.cache import Cache
from mlfw.components import FitContext, RowSplits
from mlfw.config import RunConfig
from mlfw.files import digest
from mlfw.pipeline.events import Events
from mlfw.pipeline.metrics import Measure, choose_metrics
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.splits_file import load_splits
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

    @cached_property
    def splits(self) -> RowSplits:
        """The divided rows; read from the run directory unless they were just made."""
        return load_splits(self.directory.data, self.fingerprints.get("prepare", ""))

    @cached_property
    def metrics(self) -> Mapping[str, Measure]:
        """What the run measures."""
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

    def plugin_version(self, kind: str) -> str:
        """Return which version of which distribution a chosen component comes from."""
        entry = self.plugins.registry.get(kind, self.config.choice(kind))
        versions = {info.distribution: info.version for info in self.plugins.infos}
        return f"{entry.distribution} {versions.get(entry.distribution, '')}"

    def context(self, folder_name: str, *, final: bool) -> FitContext:
        """Return what a fit is given beside its data."""
        folder = self.directory.path / folder_name
        folder.mkdir(parents=True, exist_ok=True)
        return FitContext(
            trainer=self.config.trainer,
            seed=self.config.seed,
            folder=folder,
            report=self._report if final else _ignore,
            final=final,
            cache=self.cache,
        )

    def _report(self, epoch: int, values: Mapping[str, float]) -> None:
        total = self.config.trainer.most_epochs()
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        self.monitor.steps(epoch, total, shown)
        self.events.epoch_finished(epoch, values)


def _ignore(epoch: int, values: Mapping[str, float]) -> None:
    pass
