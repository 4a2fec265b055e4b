"""One line that shows how far a run is, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterator

from mlfw.cli.wrapping import columns, cut
from mlfw.pipeline.progress import Progress
from mlfw.quantities import duration

BAR = 20
NAME = 9


def progress_line(progress: Progress, width: int) -> str:
    """Return progress as one line that is never wider than there is room.

    The stage, its percentage and the time left come first; what else there is room for is added
    in the order of its use: where in the stage, losses and metrics, the rate, a bar.

    Args:
        progress: What is to be shown.
        width: How many columns there are.
    """
    percent = "" if progress.share is None else f"{int(progress.share * 100):3}%"
    head = f"{progress.stage:<{NAME}}" + (f" {percent}" if percent else "")
    bound = " at most" if progress.at_most else ""
    left = "" if progress.left is None else f"{duration(progress.left)} left{bound}"
    shown: dict[int, str] = {}
    for order, part in _parts(progress):
        tried = shown | {order: part}
        if columns(_joined(head, tried, left, "")) <= width:
            shown = tried
    bar = "" if progress.share is None else _bar(progress.share)
    if columns(_joined(head, shown, left, bar)) > width:
        bar = ""
    return cut(_joined(head, shown, left, bar), width)


def _parts(progress: Progress) -> Iterator[tuple[int, str]]:
    """Yield what may be shown and its place in the line, the most useful first."""
    if progress.place:
        yield 0, progress.place
    for order, (name, value) in enumerate(progress.values.items(), 2):
        yield order, f"{name} {value:.4g}"
    if progress.rate is not None:
        yield 1, f"{_count(progress.rate)} {progress.unit}/s"


def _joined(head: str, shown: dict[int, str], left: str, bar: str) -> str:
    parts = [*(shown[order] for order in sorted(shown)), *([left] if left else [])]
    return " ".join(part for part in (head, bar, ", ".join(parts)) if part)


def _bar(share: float) -> str:
    done = int(share * BAR)
    return f"[{'#' * done}{'.' * (BAR - done)}]"


def _count(rate: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g}{unit}"
    return f"{rate:.3g}"
