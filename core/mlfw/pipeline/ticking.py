"""Showing that time passes while a stage tells nothing of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from mlfw.pipeline.progress import Course

TICK_SECONDS = 1.0


@contextmanager
def ticking(course: Course) -> Iterator[None]:
    """Show within the block how long the stage has taken, whenever it tells nothing for a second.

    Args:
        course: Keeps account of the run's progress.
    """
    ended = Event()

    def tick() -> None:
        while not ended.wait(TICK_SECONDS):
            course.tick()

    thread = Thread(target=tick, name="mlfw-ticking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
