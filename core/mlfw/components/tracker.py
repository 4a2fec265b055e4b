"""The contract of trackers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.components.component import Component

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class RunInfo:
    """What listeners and trackers are told of a run.

    Attributes:
        name: The run's name.
        folder: The run directory.
        config: The run's configuration, with secrets masked.
    """

    name: str
    folder: Path
    config: Mapping[str, Any]


@dataclass(kw_only=True)
class Tracker(Component):
    """Shows a run elsewhere while it goes on.

    A tracker that raises is set aside with a warning; the run goes on without it.
    """

    kind: ClassVar[str] = "tracker"

    @abstractmethod
    def start(self, run: RunInfo) -> None:
        """Begin, or continue, to track a run."""

    @abstractmethod
    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Track numbers by name, such as `train/loss` or `test/accuracy`.

        Args:
            values: The numbers.
            step: The epoch they belong to, where there is one.
        """

    @abstractmethod
    def finish(self, *, failed: bool) -> None:
        """End tracking, flushing what is under way."""
