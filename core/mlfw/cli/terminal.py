"""Showing a run on a terminal: stages, progress and the time left; quiet elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence

from mlfw.cli.findings import findings_table
from mlfw.cli.table import age
from mlfw.components import Finding
from mlfw.pipeline.monitor import Monitor

SHORTEST = 0.05


class TerminalMonitor(Monitor):
    """Shows stages and progress on standard error where that is a terminal; notes everywhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._start = 0.0
        self._name = ""
        self._line = ""
        self._first = 0

    def stage(self, name: str, detail: str) -> None:
        """Show that a stage begins."""
        self._start = time.perf_counter()
        self._name = name
        self._first = 0
        self._show(f"{name:<9} {detail} ...")

    def steps(self, done: int, total: int | None, detail: str) -> None:
        """Show how far the stage is, how fast, and how long it will take yet."""
        if not self._first:
            # A fit that continues from a checkpoint begins at a later epoch.
            self._first = done
        passed = time.perf_counter() - self._start
        rate = (done - self._first + 1) / max(passed, 1e-9)
        left = f", {age((total - done) / rate)} left at most" if total else ""
        of = f"/{total}" if total else ""
        self._show(f"{self._name:<9} {done}{of}, {rate:.3g}/s{left}: {detail}")

    def stage_done(self, name: str, seconds: float, *, skipped: bool) -> None:
        """Show that a stage has ended."""
        self._show("")
        if self._live and (skipped or seconds >= SHORTEST):
            print(f"{name:<9} {'done before' if skipped else f'{seconds:.1f} s'}", file=sys.stderr)

    def note(self, text: str) -> None:
        """Print a note."""
        self._show("")
        print(f"mlfw: {text}", file=sys.stderr)

    def findings(self, findings: Sequence[Finding]) -> None:
        """Print what the checks of the data have found, as a table."""
        lines = findings_table(findings, shutil.get_terminal_size().columns)
        if lines:
            self._show("")
            print("\n".join(["mlfw: the data:", *lines]), file=sys.stderr)

    def _show(self, line: str) -> None:
        if not self._live:
            return
        width = 79
        padding = " " * max(len(self._line) - len(line), 0)
        self._line = line[:width]
        print(f"\r{self._line}{padding}\r", end="", file=sys.stderr, flush=True)
