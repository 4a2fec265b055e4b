"""The other processes that take part in a run, on this machine and on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Crew:
    """The processes that follow the one that leads a run; here there are none.

    A trainer that starts a run in several processes brings a class of its own.
    """

    def started(self, folder: Path) -> None:
        """Tell them in which directory the run is kept."""


NO_CREW = Crew()
