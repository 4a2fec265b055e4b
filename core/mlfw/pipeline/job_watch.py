"""Running the jobs of a stage: showing how far they are, and passing on that the run is to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from math import prod
from typing import Any

from mlfw.components import Job, JobResult, Resources, Watch
from mlfw.pipeline.work import Work

Place = tuple[str, int, int | None]


class JobWatch(Watch):
    """Follows the jobs of a stage.

    Args:
        work: The run.
        places: Returns where in the stage a job is: the parts around it, the outermost first, each
            as its name, its number from 0, and how many there are; see `Course.part`.
        resources: What each job needs.
        before: How many of the outermost parts were done before.
    """

    def __init__(
        self,
        work: Work,
        places: Callable[[Job], list[Place]],
        resources: Resources,
        before: int = 0,
    ) -> None:
        self.work = work
        self._places = places
        self._several = work.workers.slots(resources) > 1
        self._parts = ExitStack()
        self._done = float(before)
        self._furthest = 0
        self._running: dict[str, float] = {}
        self._ended: set[str] = set()
        self._began: dict[str, float] = {}

    def started(self, job: Job, host: str) -> None:  # noqa: ARG002
        """Show that a job goes on."""
        places = self._places(job)
        if self._several:
            if str(job) in self._ended:  # its worker was lost
                self._ended.remove(str(job))
                self._done -= 1 / _parts(places)
            self._began[str(job)] = time.monotonic()
            self._furthest = max(self._furthest, places[0][1] + 1)
            self._running[str(job)] = 0.0
            self._show(job)
            return
        for name, number, total in places:
            self._parts.enter_context(self.work.course.part(name, number, total))

    def told(self, job: Job, message: Mapping[str, Any]) -> None:
        """Show what a worker tells of a job; see `remote`."""
        for name, values in message.items():
            if name == "note":
                self.note(values)
            elif name == "epoch":
                self.epoch(job, *values)
            elif name in ("rows", "count", "preparing", "doing", "done"):
                self._tell_course(job, name, values)
            else:
                self.other(job, name, values)

    def other(self, job: Job, name: str, values: Any) -> None:
        """Take a message of another kind."""

    def epoch(self, job: Job, epoch: int, total: int | None, values: Mapping[str, float]) -> None:
        """Show that an epoch of a fit has ended."""
        if self._several:
            self._go_on(job, epoch / total if total else None)
        else:
            self.work.course.epoch(epoch, total, values)

    def ended(self, job: Job) -> None:
        """Show no more that a job goes on."""
        if not self._several:
            self._parts.close()
            return
        took = time.monotonic() - self._began.pop(str(job))
        self.work.course.expected.setdefault("fit", took)
        del self._running[str(job)]
        self._ended.add(str(job))
        self._done += 1 / _parts(self._places(job))
        self._show(job)

    def note(self, text: str) -> None:
        """Show a sentence."""
        self.work.monitor.note(text)

    def stopping(self) -> bool:
        """Return whether the run is to stop."""
        return self.work.stop.asked()

    def _tell_course(self, job: Job, name: str, values: list[Any]) -> None:
        if not self._several:
            getattr(self.work.course, name)(*values)
        elif name == "rows":
            self._go_on(job, values[0] / max(values[1], 1))

    def _go_on(self, job: Job, share: float | None) -> None:
        if share is not None and str(job) in self._running:
            self._running[str(job)] = min(share, 1.0)
            self._show(job)

    def _show(self, job: Job) -> None:
        places = self._places(job)
        name, _, total = places[0]
        done = self._done + sum(self._running.values()) / _parts(places)
        count = f"/{total}" if total else ""
        running = f", {len(self._running)} running" if len(self._running) > 1 else ""
        share = min(done / total, 1.0) if total else 0.0
        self.work.course.side_by_side(f"{name} {self._furthest}{count}{running}", share)


def _parts(places: list[Place]) -> int:
    """Return how many jobs there are in the outermost part."""
    return prod(total or 1 for _, _, total in places[1:])


def run_jobs(
    work: Work, jobs: Iterable[Job], resources: Resources, watch: JobWatch
) -> Iterator[JobResult]:
    """Run jobs of a stage, and yield their results as they end.

    Raises:
        StopRequested: The run is to stop.
    """
    with closing(work.workers.map(jobs, resources, watch)) as results:
        yield from results
    work.stop.part_ended()
