"""The whole way: prepare, tune, cross-validate, fit, evaluate, deploy."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from mlfw.components import Imports, JobSetup, RunInfo, Workers
from mlfw.config import RunConfig, compose
from mlfw.disk import disk_errors
from mlfw.errors import CONTINUE, StopRequested, UserError
from mlfw.files import read_json, remove_temporary
from mlfw.pipeline.cross_validate import cross_validate
from mlfw.pipeline.deploy import deploy
from mlfw.pipeline.early import check_config
from mlfw.pipeline.evaluate import evaluate
from mlfw.pipeline.events import Events
from mlfw.pipeline.fit import check_model, fit
from mlfw.pipeline.jobs import keep
from mlfw.pipeline.judge import fold_count
from mlfw.pipeline.log import logging_to
from mlfw.pipeline.metrics import main_metric
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.named_runs import with_runs_found
from mlfw.pipeline.outside_runs import check_outside_runs
from mlfw.pipeline.prepare import prepare
from mlfw.pipeline.saved_model import SavedModel, load_model
from mlfw.pipeline.stop import StopSignal, interruptible
from mlfw.pipeline.tune import tune
from mlfw.pipeline.user_cache import user_cache
from mlfw.pipeline.work import Work
from mlfw.plugins import Plugins, load_plugins
from mlfw.runs import RunDirectory, locked, open_run
from mlfw.runs.environment import write_environment
from mlfw.runs.record import FAILED, FINISHED, INTERRUPTED, RUNNING

logger = logging.getLogger("mlfw")
NO_IMPORTS = Imports()
OTHER_FOLDER = "Choose a folder that can be written, for example: run.folder=/tmp/runs"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        dir: The run directory.
        imports: What the run was allowed to import.
    """

    dir: Path
    plugins: Plugins
    imports: Imports = field(default_factory=Imports)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.dir.name

    @cached_property
    def metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """`{split: {metric: value}}` for validation, test and the baseline on test.

        After a cross-validation also the means and deviations over the folds.
        """
        return dict(read_json(RunDirectory(self.dir).metrics_file))

    @cached_property
    def model(self) -> SavedModel:
        """The saved model."""
        return load_model(RunDirectory(self.dir).model, self.plugins.registry, self.imports)

    def predict(self, rows: Any) -> Any:
        """Return predictions for rows; see `SavedModel.predict`."""
        return self.model.predict(rows)


def run(config: Path | None, overrides: Sequence[str], imports: Imports) -> Run:
    """Compose a configuration and run it; see `mlfw.run`."""
    plugins = load_plugins()
    composed = compose(config, overrides, plugins)
    with interruptible() as stop:
        return execute(composed, plugins, Monitor(), imports, stop)


def execute(
    config: RunConfig,
    plugins: Plugins,
    monitor: Monitor,
    imports: Imports = NO_IMPORTS,
    stop: StopSignal | None = None,
) -> Run:
    """Run a composed configuration, or what is left of it after an interruption.

    Args:
        config: The configuration.
        plugins: Its components' plugins, to be told of events.
        monitor: Who watches.
        imports: From which packages code may be imported that the configuration names.
        stop: Says when the run is to be left to be continued later; None for never.

    Raises:
        UserError: Something the user can mend; the run is marked as failed.
        StopRequested: The run was stopped; it is marked as interrupted.
    """
    stop = stop or StopSignal()
    config = with_runs_found(config)
    check_config(config, plugins.registry, imports)
    for key in ("dir", "folder"):
        if place := config.frozen["run"][key]:
            check_outside_runs(Path(place).expanduser(), f"run.{key}=")
    for note in config.notes:
        monitor.note(note)
    with stop.named(CONTINUE), disk_errors(OTHER_FOLDER):
        directory, continues = open_run(config.frozen, monitor.note)
        with locked(directory.path), closing(monitor):
            if continues and directory.record().state != FINISHED:
                monitor.note(f"continuing {directory.path}")
            with logging_to(directory.log_file):
                _execute(config, plugins, monitor, directory, imports, stop)
    return Run(directory.path, plugins, imports)


def _execute(
    config: RunConfig,
    plugins: Plugins,
    monitor: Monitor,
    directory: RunDirectory,
    imports: Imports,
    stop: StopSignal,
) -> None:
    remove_temporary(directory.path)
    info = RunInfo(directory.path.name, directory.path, config.frozen)
    events = Events(info, plugins.manager, config.tracker, monitor)
    setup = JobSetup(plugins.registry.job, imports, directory.path.absolute(), monitor.note)

    def work(workers: Workers) -> Work:
        work = Work(
            config,
            directory,
            plugins,
            events,
            monitor,
            workers,
            cache=user_cache(monitor),
            imports=imports,
            stop=stop,
        )
        keep(setup, work)
        return work

    try:
        with stop.named(CONTINUE), disk_errors(OTHER_FOLDER):
            stop.forced = partial(_end_forced, directory, monitor)
            directory.update(state=RUNNING, error="")
            write_environment(directory)
            events.started()
            with closing(config.executor.start(setup)) as workers:
                _stages(work(workers))
            remove_temporary(directory.path)
            directory.update(state=FINISHED)
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt | StopRequested)
        removed = None if interrupted else _removal(directory, error)
        if removed is not None:
            events.finished(failed=True)
            raise removed from error
        if not isinstance(error, UserError) and not interrupted:
            logger.exception("the run failed")
            error.mlfw_log = directory.log_file  # type: ignore[attr-defined]
        _note_failure(directory, INTERRUPTED if interrupted else FAILED, error)
        events.finished(failed=True)
        raise
    events.finished(failed=False)


def _end_forced(directory: RunDirectory, monitor: Monitor, stopped: StopRequested) -> None:
    """Note and say that the process is about to be ended, as it has not stopped by itself."""
    _note_failure(directory, INTERRUPTED, stopped)
    monitor.note(f"{stopped} {CONTINUE}")


def _stages(work: Work) -> None:
    """Run the stages in their order; what cannot work is found out before the long ones."""
    prepare(work)
    check_model(work)
    if work.metrics:
        work.course.main, _ = main_metric(work.metrics)
    fold_count(work)
    tune(work)
    cross_validate(work)
    fit(work)
    evaluate(work)
    deploy(work)


def _removal(directory: RunDirectory, error: BaseException) -> UserError | None:
    """Return what to say where a run fails because its files were removed, else None."""
    where = directory.path
    if not directory.record_file.exists():
        left = f"Remove what is left of {where}, and type" if where.exists() else "Type"
        return UserError(
            f"{where}: the run directory was removed while the run went on.",
            f"{left} the command again: the run starts anew.",
        )
    lost = f"{error.filename} {error}" if isinstance(error, FileNotFoundError) else ""
    if str(where) in lost:
        return UserError(
            f"{where}: files were removed while the run went on: {error}.",
            "Type the command again: what is missing is made again.",
        )
    return None


def _note_failure(directory: RunDirectory, state: str, error: BaseException) -> None:
    try:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        directory.update(state=state, error=text)
    except OSError:
        logger.exception("the failure could not be noted")
