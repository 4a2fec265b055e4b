"""Whom a training tells of what goes on, and whom it asks whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from mlfw import FitContext
from mlfw.components.trainer import never, untold


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What one process of a training tells and asks; see `mlfw.FitContext`.

    Attributes:
        report: Told of every epoch.
        progress: Told how far the training is, some times a second.
        note: Told what a person should read.
        stopping: Asked after every step whether to keep a checkpoint and end.
    """

    report: Callable[[int, Mapping[str, float]], None] = untold
    progress: Callable[[int, int, Mapping[str, float]], None] = untold
    note: Callable[[str], None] = untold
    stopping: Callable[[], bool] = never

    @classmethod
    def of(cls, context: FitContext) -> Self:
        """Return the watch of a training in the process of the run itself."""
        return cls(
            report=context.report,
            progress=context.progress,
            note=context.note,
            stopping=context.stopping,
        )
