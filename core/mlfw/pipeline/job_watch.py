"""Showing the progress of a stage's jobs, and passing on that the run is to stop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from mlfw.components import Job, Watch
from mlfw.pipeline.work import Work

Place = tuple[str, int, int | None]


class JobWatch(Watch):
    """Follows the jobs of a stage.

    Args:
        work: The run.
        places: Returns where in the stage a job is: the parts around it, the outermost first, each
            as its name, its number from 0, and how many there are; see `Course.part`.
    """

    def __init__(self, work: Work, places: Callable[[Job], list[Place]]) -> None:
        self._work = work
        self._places = places
        self._parts = ExitStack()

    def started(self, job: Job, host: str) -> None:  # noqa: ARG002
        """Show which job goes on."""
        for name, number, total in self._places(job):
            self._parts.enter_context(self._work.course.part(name, number, total))

    def ended(self, job: Job) -> None:  # noqa: ARG002
        """Show it no more."""
        self._parts.close()

    def note(self, text: str) -> None:
        """Show a sentence."""
        self._work.monitor.note(text)

    def stopping(self) -> bool:
        """Return whether the run is to stop."""
        return self._work.stop.asked()
