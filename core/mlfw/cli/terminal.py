"""Showing a run on a terminal: stages, progress and the time left; quiet elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from threading import RLock

from mlfw.cli.findings import findings_table
from mlfw.cli.output import USUAL, say, terminal_width, write
from mlfw.cli.progress_line import progress_line
from mlfw.cli.wrapping import columns, cut
from mlfw.components import Finding
from mlfw.hints import printable
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.progress import Progress
from mlfw.quantities import duration

SHORTEST = 0.05


class TerminalMonitor(Monitor):
    """Shows stages and progress on standard error where that is a terminal; notes everywhere.

    Progress is one line that is written over and is gone when the run ends; notes and finished
    stages stay above it.
    """

    def __init__(self) -> None:
        self._live = terminal_width(sys.stderr) is not None
        self._shown = 0
        self._lock = RLock()  # progress comes from a thread of its own too

    def stage(self, name: str, detail: str) -> None:
        """Show that a stage begins."""
        with self._lock:
            self._show(f"{name:<9} {detail} ...")

    def progress(self, progress: Progress) -> None:
        """Show how far the run is, how fast, and how long it will take yet."""
        if self._live:
            with self._lock:
                self._show(progress_line(progress, _width()))

    def stage_done(self, name: str, seconds: float, *, skipped: bool) -> None:
        """Show that a stage has ended."""
        with self._lock:
            self.close()
            if self._live and (skipped or seconds >= SHORTEST):
                say(f"{name:<9} {'skipped (up to date)' if skipped else duration(seconds)}")

    def note(self, text: str) -> None:
        """Print a note."""
        with self._lock:
            self.close()
            say(f"mlfw: {text}")

    def findings(self, findings: Sequence[Finding]) -> None:
        """Print what the checks of the data have found, as a table."""
        width = terminal_width(sys.stderr) or shutil.get_terminal_size().columns
        lines = findings_table(findings, width)
        if lines:
            with self._lock:
                self.close()
                write("\n".join(["mlfw: the data:", *map(printable, lines)]) + "\n")

    def close(self) -> None:
        """Leave an empty line where progress was shown."""
        with self._lock:
            if self._shown:
                self._show("")

    def _show(self, text: str) -> None:
        if not self._live:
            return
        line = cut(text, _width())
        shown = columns(line)
        padding = " " * min(max(self._shown - shown, 0), _width() - shown)
        self._shown = shown
        write(f"\r{line}{padding}\r")


def _width() -> int:
    """Return how many columns a line may take: one less than there are, else some would wrap."""
    return (terminal_width(sys.stderr) or USUAL) - 1
