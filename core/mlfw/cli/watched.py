"""Showing progress of a command that is no run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlfw.components.dataset import Progress


@contextmanager
def watched(name: str) -> Iterator[Progress]:
    """Yield what is told how far the block is, and show that, and how long it takes.

    Args:
        name: What the block does.
    """
    from mlfw.cli.terminal import TerminalMonitor
    from mlfw.pipeline.progress import Course
    from mlfw.pipeline.ticking import ticking

    monitor = TerminalMonitor()
    course = Course(monitor.progress)
    course.begin(name)
    try:
        with ticking(course):
            yield course.count
    finally:
        monitor.close()
