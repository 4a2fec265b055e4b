"""What a request is told that cannot be answered: always a 4xx, always of one shape."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from mlfw_service.asgi import as_json

LONGEST = 80
MOST_DETAILS = 20


@dataclass(frozen=True)
class Misfit:
    """One thing that is wrong with the rows of a request.

    Attributes:
        row: The row's index, from 0.
        field: The column; None where the row as a whole is wrong.
        expected: What should stand there.
        found: What stands there.
    """

    row: int
    field: str | None
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"row {self.row}" + (f", field '{self.field}'" if self.field is not None else "")
        return f"{place}: expected {self.expected}, found {self.found}"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that is refused.

    Args:
        status: The HTTP status, 4xx.
        error: What is wrong and what would be right, in a sentence.
        details: Every single thing that is wrong, where it is the rows.
    """

    def __init__(self, status: int, error: str, details: tuple[Misfit, ...] = ()) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.details = details

    @classmethod
    def of_rows(cls, misfits: list[Misfit]) -> Refusal:
        """Return the refusal of rows that do not fit the schema."""
        more = "; see details for more" if len(misfits) > 1 else ""
        return cls(422, f"{misfits[0]}{more}", tuple(misfits[:MOST_DETAILS]))

    def content(self) -> bytes:
        """Return the body of the response, in JSON."""
        details = [asdict(misfit) for misfit in self.details]
        return as_json({"error": self.error, "details": details})


def shown(value: Any) -> str:
    """Return a value as JSON, cut short."""
    if isinstance(value, dict):
        return f"an object with {len(value)} keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return shortened(json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    """Return a text, cut where it is long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
