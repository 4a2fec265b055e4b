"""What the stages of a run share."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from mlfw.cache import Cache
from mlfw.components import (
    Estimate,
    FitContext,
    Imports,
    LoadContext,
    Model,
    Objective,
    OpaqueModel,
    RowSplits,
    Splits,
    StreamedSplits,
    Workers,
)
from mlfw.components.imports import code_version
from mlfw.config import RunConfig
from mlfw.files import digest
from mlfw.pipeline.events import Events
from mlfw.pipeline.metrics import Measure, choose_metrics
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.progress import Course
from mlfw.pipeline.splits_file import load_splits
from mlfw.pipeline.stop import StopSignal
from mlfw.pipeline.ticking import ticking
from mlfw.pipeline.training import Training
from mlfw.plugins import Plugins
from mlfw.runs import RunDirectory
from mlfw.runs.environment import mlfw_version
from mlfw.runs.stages import is_finished, mark_finished

Result = TypeVar("Result")
logger = logging.getLogger("mlfw")


@dataclass
class Work:
    """One run under way.

    Attributes:
        config: What is to be done.
        directory: Where everything is kept.
        plugins: Its components' plugins.
        events: Tells plugins and the tracker.
        monitor: Who watches.
        workers: Run the jobs of the stages.
        fingerprints: What each stage so far follows from.
        cache: Where to keep what is costly to prepare, if anywhere.
        imports: From which packages code may be imported that the configuration names.
        training: The record of the final fit, while that goes on.
        estimated: The model that was estimated last, and what its fit is expected to cost.
    """

    config: RunConfig
    directory: RunDirectory
    plugins: Plugins
    events: Events
    monitor: Monitor
    workers: Workers
    fingerprints: dict[str, str] = field(default_factory=dict)
    cache: Cache | None = None
    imports: Imports = field(default_factory=Imports)
    stop: StopSignal = field(default_factory=StopSignal)
    training: Training | None = None
    estimated: tuple[Model, Estimate | None] | None = None

    @cached_property
    def course(self) -> Course:
        """Who keeps account of the run's progress."""
        return Course(self.monitor.progress)

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

    def stage(
        self,
        name: str,
        inputs: Callable[[], Any],
        detail: str,
        act: Callable[[], None],
        made: Sequence[Path],
    ) -> None:
        """Run a stage, unless it has ended with the same inputs before and its files are there.

        Args:
            name: The stage's name.
            inputs: Returns all that its outcome follows from, as plain data; to find that out
                may take long too, as files are read.
            detail: What it works on, for whoever watches.
            act: The stage itself.
            made: The files and folders of the run directory that it makes.
        """
        self.course.begin(name)
        start = time.perf_counter()
        with ticking(self.course):
            fingerprint = digest([name, inputs(), mlfw_version()])
        self.fingerprints[name] = fingerprint
        if is_finished(self.directory, name, fingerprint):
            self.course.end(name)
            self.monitor.stage_done(name, 0.0, skipped=True)
            return
        self.monitor.stage(name, detail)
        with ticking(self.course):
            act()
        seconds = time.perf_counter() - start
        mark_finished(self.directory, name, fingerprint, seconds, made)
        self.course.end(name)
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
            progress=self.course.count,
            folder=folder,
            imports=self.imports,
            workers=self.workers,
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
            stopping=self.stop.asked,
            workers=self.workers,
            report=partial(self.report, final=final),
            progress=self.course.rows,
            preparing=self.course.preparing,
            note=self._note if final else partial(_log_note, folder_name),
            final=final,
            cache=self.cache,
            imports=self.imports,
        )

    def report(self, epoch: int, values: Mapping[str, float], *, final: bool) -> None:
        """Take note that an epoch of a fit has ended; see `FitContext.report`.

        Args:
            epoch: Its number, from 1.
            values: Its values by name.
            final: Whether the fit is the run's own.
        """
        uses_trainer = self.config.model.uses_trainer
        total = self.config.trainer.most_epochs() if uses_trainer else None
        self.course.epoch(epoch, total, values)
        if final:
            if self.training is not None:
                self.training.epoch(epoch, values)
            self.events.epoch_finished(epoch, values)

    def _note(self, text: str) -> None:
        logger.info(text)
        self.monitor.note(text)
        if self.training is not None:
            self.training.note(text)


def _log_note(fit: str, text: str) -> None:
    """Keep what a trial or a fold has to say for the log: there may be hundreds of them."""
    logger.info("%s: %s", fit, text)
