"""One line that shows how far a run is, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlfw.cli.wrapping import columns, cut
from mlfw.pipeline.progress import Progress
from mlfw.quantities import duration

BAR, SHORT_BAR, WIDE = 20, 10, 100
NAME = 9


def progress_line(progress: Progress, width: int) -> str:
    """Return progress as one line that is never wider than there is room.

    The stage, its percentage and the time left come first; what else there is room for is added
    in the order of its use: where in the stage, a bar, the rate, losses and metrics.

    Args:
        progress: What is to be shown.
        width: How many columns there are.
    """
    percent = "" if progress.share is None else f"{int(progress.share * 100):3}%"
    head = f"{progress.stage:<{NAME}}" + (f" {percent}" if percent else "")
    bound = " at most" if progress.at_most else ""
    left = "" if progress.left is None else f"{duration(progress.left)} left{bound}"
    shown, bar = list[str](), ""
    if progress.place and columns(_joined(head, "", [progress.place], left)) <= width:
        shown.append(progress.place)
    if progress.share is not None:
        tried = _bar(progress.share, BAR if width >= WIDE else SHORT_BAR)
        bar = tried if columns(_joined(head, tried, shown, left)) <= width else ""
    for part in _parts(progress):
        if columns(_joined(head, bar, [*shown, part], left)) <= width:
            shown.append(part)
    return cut(_joined(head, bar, shown, left), width)


def _parts(progress: Progress) -> Iterator[str]:
    """Yield what may be shown beside the place, the most useful first."""
    if progress.rate is not None:
        yield f"{_count(progress.rate)} {progress.unit}/s"
    for name, value in progress.values.items():
        yield f"{name} {value:.4g}"


def _joined(head: str, bar: str, shown: Sequence[str], left: str) -> str:
    parts = ", ".join([*shown, *([left] if left else [])])
    return " ".join(part for part in (head, bar, parts) if part)


def _bar(share: float, length: int) -> str:
    done = int(share * length)
    return f"[{'#' * done}{'.' * (length - done)}]"


def _count(rate: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g}{unit}"
    return f"{rate:.3g}"
