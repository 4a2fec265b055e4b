"""Dates that cannot have been known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlfw import Action, Kind
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw_tabular.checks.base import MakesMissing, Problem
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.values import counted

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_AHEAD = 0.5


class FutureDates(MakesMissing[Parts]):
    """Dates in the future.

    With `split.time`, dates of training rows later than the first validation or test row;
    otherwise dates later than today, unless most dates of the column are.
    """

    name = "future_dates"
    default = Action.warn

    def find(self, data: Parts) -> list[Problem]:
        """Return the columns that hold some; `where` is by split bool [rows]."""
        import numpy as np

        end = _end_of_training(data)
        now = datetime.now(UTC).replace(tzinfo=None)
        problems = []
        for column, splits in data.of_kind(Kind.datetime):
            looked_at = (TRAIN,) if end else tuple(splits)
            where = {split: _later(splits[split], end or now) for split in looked_at}
            rows = sum(int(np.count_nonzero(own)) for own in where.values())
            held = sum(len(splits[s]) - splits[s].null_count for s in looked_at)
            if not rows or (not end and rows > MOST_AHEAD * held):
                continue
            what = f"{end:%Y-%m-%d}, where validation begins" if end else "today"
            who = "training row" if end else "row"
            message = f"{counted(rows, who)} later than {what}"
            problems.append(Problem(message=message, column=column.name, rows=rows, where=where))
        return problems


def _end_of_training(data: Parts) -> datetime | None:
    """Return the first date of validation and test, where rows are divided by date."""
    import pyarrow as pa
    import pyarrow.compute as pc

    time = data.context.split.time
    if not time or time not in data.arrays[TEST]:
        return None
    if not pa.types.is_timestamp(data.arrays[TEST][time].type):
        return None
    firsts = [pc.min(data.arrays[split][time]).as_py() for split in (VALIDATION, TEST)]
    return min((first for first in firsts if first is not None), default=None)


def _later(values: pa.Array, than: datetime) -> np.ndarray:
    """Return which dates are later, bool [rows]."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    later = pc.greater(values, pa.scalar(than, values.type))
    return np.asarray(pc.fill_null(later, False))
