"""What a run would cost, stage by stage, without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pluggy

from mlfw.cache import Cache
from mlfw.components import Estimate, Imports, JobSetup, RunInfo, Splits, Workers
from mlfw.components.splits import SPLIT_NAMES
from mlfw.config import RunConfig
from mlfw.files import TEMPORARY_PREFIX
from mlfw.memory import peak_memory
from mlfw.pipeline.early import check_config
from mlfw.pipeline.events import Events
from mlfw.pipeline.fit import check_model
from mlfw.pipeline.forecast import fit_estimate, stage_seconds
from mlfw.pipeline.judge import fold_count
from mlfw.pipeline.log import logging_to
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.prepare import prepare
from mlfw.pipeline.tune import begin_search
from mlfw.pipeline.user_cache import user_cache
from mlfw.pipeline.work import Work
from mlfw.plugins import Plugins, hookspecs
from mlfw.plugins.manager import GROUP
from mlfw.runs import RunDirectory

NO_LIMIT = 2**62


@dataclass(frozen=True, kw_only=True)
class PlannedStage:
    """What one stage would do and cost.

    Attributes:
        name: The stage.
        what: What it works on.
        seconds: How long it takes; None where that is not known.
        at_most: Whether it may take less.
        memory: Most bytes at a time; None where that is not known.
        basis: What time and memory rest on.
    """

    name: str
    what: str
    seconds: float | None = None
    at_most: bool = False
    memory: int | None = None
    basis: str = ""


@dataclass(frozen=True)
class Plan:
    """What a run would do and cost.

    Attributes:
        stages: Its stages, in their order.
        device: What the model is fitted on; empty where that is not known.
    """

    stages: tuple[PlannedStage, ...]
    device: str = ""

    @property
    def seconds(self) -> float:
        """How long those stages take together of which that is known."""
        return sum(stage.seconds or 0.0 for stage in self.stages)

    @property
    def at_most(self) -> bool:
        """Whether some of them may take less."""
        return any(stage.at_most for stage in self.stages)

    @property
    def memory(self) -> int | None:
        """Most bytes that any stage takes at a time, of those of which that is known."""
        return max((stage.memory for stage in self.stages if stage.memory), default=None)

    @property
    def unknown(self) -> list[str]:
        """The stages of which it is not known how long they take."""
        return [stage.name for stage in self.stages if stage.seconds is None]


def plan(config: RunConfig, plugins: Plugins, monitor: Monitor, imports: Imports) -> Plan:
    """Check a configuration, prepare its data, and return what the other stages would cost.

    Data are prepared, as all else follows from them; they are kept in the cache, where the run
    finds them. Nothing is trained, no plugin and no tracker is told, and no run is made.

    Args:
        config: The configuration.
        plugins: Its components' plugins.
        monitor: Who watches.
        imports: From which packages code may be imported that the configuration names.

    Raises:
        UserError: The configuration or the data is not as it should be.
    """
    check_config(config, plugins.registry, imports)
    for note in config.notes:
        monitor.note(note)
    kept = user_cache(monitor)
    # Beside the cache, so that its files can be linked and need not be copied.
    beside = kept.folder if kept else None
    with (
        TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=beside) as folder,
        closing(monitor),
        logging_to(Path(folder) / "log.txt"),
    ):
        cache = kept or Cache(Path(folder) / "cache", NO_LIMIT)
        run = RunDirectory(Path(folder) / "run")
        setup = JobSetup(plugins.registry.job, imports, run.path.absolute(), monitor.note)
        with closing(config.executor.start(setup)) as workers:
            work = _work(config, plugins, monitor, imports, run, cache, workers)
            prepare(work)
            check_model(work)
            assert work.metrics is not None
            return _plan(work, kept=kept is not None)


def _work(
    config: RunConfig,
    plugins: Plugins,
    monitor: Monitor,
    imports: Imports,
    directory: RunDirectory,
    cache: Cache,
    workers: Workers,
) -> Work:
    directory.create("plan", config.frozen)
    nobody = pluggy.PluginManager(GROUP)
    nobody.add_hookspecs(hookspecs)
    events = Events(RunInfo("plan", directory.path, config.frozen), nobody, None, monitor)
    return Work(config, directory, plugins, events, monitor, workers, cache=cache, imports=imports)


def _plan(work: Work, *, kept: bool) -> Plan:
    tuned = work.config.choice("tuner") != "none"
    trials = begin_search(work).total if tuned else None
    estimate = fit_estimate(work, work.config.model)
    seconds = stage_seconds(work, estimate, trials) if estimate else {}
    stages = (_prepared(work, kept=kept), *_stages(work, estimate, seconds, trials))
    return Plan(stages, estimate.device if estimate else "")


def _prepared(work: Work, *, kept: bool) -> PlannedStage:
    what = f"dataset {work.config.choice('dataset')}"
    if not work.opaque:
        rows = sum(work.splits.count(name) for name in SPLIT_NAMES)
        what += f", {rows:,} rows"
    took = work.directory.record().seconds["prepare"]
    if kept and not work.opaque:
        basis = "done now: the run finds it in the cache"
        return PlannedStage(name="prepare", what=what, seconds=0.0, basis=basis)
    return PlannedStage(
        name="prepare", what=what, seconds=took, memory=peak_memory(), basis="it was done now"
    )


def _stages(
    work: Work, estimate: Estimate | None, seconds: Mapping[str, float], trials: int | None
) -> Iterator[PlannedStage]:
    config, count = work.config, fold_count(work)

    def fits(name: str, what: str, basis: str) -> PlannedStage:
        if estimate is None:
            reason = f"model={config.choice('model')} gives no estimate"
            return PlannedStage(name=name, what=what, basis=reason)
        return PlannedStage(
            name=name,
            what=what,
            seconds=seconds.get(name),
            at_most=estimate.at_most,
            memory=estimate.memory,
            basis=basis,
        )

    basis = estimate.basis if estimate else ""
    if config.choice("tuner") != "none":
        each = f" x {count} folds" if count else ""
        number = "an unknown number of" if trials is None else f"{trials:,}"
        yield fits("tune", f"{number} trials{each}", "each as the configured model")
    if count:
        assert isinstance(work.splits, Splits)
        yield fits("cross_validate", f"{count} folds", "each by its number of rows")
    epochs = f", {estimate.epochs} epochs" if estimate and estimate.epochs else ""
    yield fits("fit", f"model {config.choice('model')}{epochs}", basis)
    yield PlannedStage(
        name="evaluate",
        what=", ".join(work.metrics),
        seconds=seconds.get("evaluate"),
        basis="predicting" if "evaluate" in seconds else "",
    )
    if config.choice("deployer") != "none":
        yield PlannedStage(name="deploy", what=f"deployer {config.choice('deployer')}")
