"""Taking part in a run from a worker: the run as it lies in its directory, and how it tells of it.

What a worker tells is JSON data of one key; `told` acts on it where the run is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pluggy

from mlfw.components import JobContext, RunInfo
from mlfw.components.trainer import untold
from mlfw.config.frozen import thaw
from mlfw.pipeline.events import Events
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.progress import REFRESH_SECONDS, Course
from mlfw.pipeline.stop import StopSignal
from mlfw.pipeline.user_cache import user_cache
from mlfw.pipeline.work import Work
from mlfw.plugins import hookspecs, load_plugins
from mlfw.plugins.manager import GROUP
from mlfw.runs import RunDirectory

Tell = Callable[[Mapping[str, Any]], object]


def run_in_worker(folder: str, key: str, context: JobContext, kept: Work | None) -> Work:
    """Return a run, for a job of it; its configuration is the frozen one.

    Args:
        folder: The run directory.
        key: What the prepared data follow from.
        context: The job's.
        kept: The run as an earlier job of this worker has had it, with the data that it has read.
    """
    if kept is None or str(kept.directory.path) != folder or kept.fingerprints["prepare"] != key:
        kept = _open(RunDirectory(Path(folder)), key, context)
    kept.monitor = _RemoteMonitor(context.tell)
    kept.course = _RemoteCourse(context.tell)
    kept.workers = context.workers
    kept.stop = _JobStop(context.stopping)
    return kept


def _open(directory: RunDirectory, key: str, context: JobContext) -> Work:
    plugins = load_plugins()
    frozen = directory.frozen()
    nobody = pluggy.PluginManager(GROUP)
    nobody.add_hookspecs(hookspecs)
    monitor = Monitor()
    info = RunInfo(directory.path.name, directory.path, frozen)
    return Work(
        thaw(frozen, plugins.registry),
        directory,
        plugins,
        Events(info, nobody, None, monitor),
        monitor,
        context.workers,
        fingerprints={"prepare": key},
        cache=user_cache(monitor),
        imports=context.imports,
    )


class _RemoteMonitor(Monitor):
    """Tells notes to where the run is."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def note(self, text: str) -> None:
        self._tell({"note": text})


class _RemoteCourse(Course):
    """Tells a fit's progress to where the run is, ten times a second at most."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(untold)
        self._tell = tell
        self._told = -math.inf

    def rows(self, done: int, total: int, values: Mapping[str, float]) -> None:
        self._now_and_then("rows", [done, total, _floats(values)])

    def epoch(self, epoch: int, total: int | None, values: Mapping[str, float]) -> None:
        self._tell({"epoch": [epoch, total, _floats(values)]})

    def count(self, done: int, total: int | None, what: str) -> None:
        self._now_and_then("count", [done, total, what])

    def preparing(self, done: int, total: int | None, what: str) -> None:
        self._now_and_then("preparing", [done, total, what])

    def doing(self, what: str) -> None:
        self._tell({"doing": [what]})

    def done(self) -> None:
        self._tell({"done": []})

    def _now_and_then(self, name: str, values: list[Any]) -> None:
        now = time.monotonic()
        if now - self._told >= REFRESH_SECONDS:
            self._told = now
            self._tell({name: values})


def _floats(values: Mapping[str, float]) -> dict[str, float]:
    """Return numbers, of whatever library, as JSON takes them."""
    return {name: float(value) for name, value in values.items()}


class _JobStop(StopSignal):
    """Passes on what the worker says."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        super().__init__()
        self._stopping = stopping

    def asked(self) -> bool:
        return self._stopping()

    def part_ended(self) -> None:
        pass
