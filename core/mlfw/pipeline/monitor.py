"""Who watches a run: told what goes on, shows it or keeps quiet."""

from __future__ import annotations

from collections.abc import Sequence

from mlfw.components import Finding
from mlfw.pipeline.progress import Progress


class Monitor:
    """Watches a run and shows nothing; the base of monitors that do."""

    def stage(self, name: str, detail: str) -> None:
        """Take note that a stage begins."""

    def progress(self, progress: Progress) -> None:
        """Take note of how far the run is; called at most ten times a second."""

    def stage_done(self, name: str, seconds: float, *, skipped: bool) -> None:
        """Take note that a stage has ended, or had ended in an earlier attempt."""

    def note(self, text: str) -> None:
        """Take note of something the user should know."""

    def findings(self, findings: Sequence[Finding]) -> None:
        """Take note of what the checks of the data have found; nothing if they found nothing."""

    def close(self) -> None:
        """Take note that nothing more will be told, however the run has ended."""
