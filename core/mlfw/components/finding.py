"""What a check of the data has found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What is done about something a check finds.

    `off` does not look, `warn` says so and goes on, `fix` mends it and says so, `fail` ends the
    run.
    """

    off = "off"
    warn = "warn"
    fix = "fix"
    fail = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something a check has found in the data.

    Attributes:
        check: The check's name.
        message: What was found, in one sentence with its numbers.
        remedy: What to do about it, or what was done.
        column: The column it is about, if it is about one.
        rows: How many rows it is about.
        fixed: Whether it was mended.
        detail: More of what was found, which the report says and the terminal does not.
    """

    check: str
    message: str
    remedy: str
    column: str = ""
    rows: int = 0
    fixed: bool = False
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON data."""
        return asdict(self)
