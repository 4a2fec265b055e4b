"""Dates and times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column
from mlfw.schema.dates import has_date, has_day
from mlfw_tabular.prepare.encoder import MOST_DEVIATIONS, Encoder, deviation, plain_numbers

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

DAY_US = 86_400_000_000
ROUNDING = 2.0**40


class Part(StrEnum):
    """What of a date is told: how much time has gone by, or the place in a cycle."""

    time = "time"
    year = "year"
    month = "month"
    week = "week"
    day = "day"


# Days a cycle takes, and a day since 1970-01-01, a Thursday, on which one begins. The month is
# the mean one, whose place in the calendar drifts by up to two days.
CYCLES: dict[Part, tuple[float, float]] = {
    Part.year: (365.2425, 0.0),
    Part.month: (365.2425 / 12, 0.0),
    Part.week: (7.0, 4.0),
    Part.day: (1.0, 0.0),
}


@dataclass(frozen=True, kw_only=True)
class DatetimeOptions:
    """How a date is prepared.

    Attributes:
        parts: What of it is told: time (elapsed, scaled to mean 0 and deviation 1) and the place
            in the year, month, week and day, as sine and cosine; null for time, year, week and,
            where training dates have a time of day, day; for months time and year, for times of
            day alone time and day.
    """

    parts: list[Part] | None = None

    def __post_init__(self) -> None:
        """Check what limits cannot say.

        Raises:
            ValueError: There is no part.
        """
        if self.parts == []:
            raise ValueError("parts: expected one at least, found none")


@dataclass(frozen=True, kw_only=True)
class DatetimeEncoder(Encoder):
    """A date: elapsed time, scaled, and its place in cycles.

    Attributes:
        column: The column's name.
        parts: What of it is told.
        mean: Of the training dates, in days since 1970.
        deviation: Of the training dates, in days.
    """

    name: ClassVar[str] = "datetime"

    parts: tuple[str, ...]
    mean: float
    deviation: float

    @classmethod
    def fit(cls, column: Column, values: pa.Array, options: DatetimeOptions) -> DatetimeEncoder:
        """Learn the mean and deviation of the time, in days since 1970."""
        import numpy as np

        days = read_days(values)
        known = days[np.isfinite(days)]
        parts = options.parts
        if parts is None:
            parts = usual_parts(column)
            parts += [Part.day] if (known != np.floor(known)).any() else []
        return cls(
            column=column.name,
            parts=tuple(part.value for part in Part if part in parts),
            mean=float(known.mean()) if len(known) else 0.0,
            deviation=deviation(float(known.std())) if len(known) else 1.0,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The time, then sine and cosine of each cycle."""
        names: list[str] = []
        for part in self.parts:
            waves = [f"{self.column} {wave} of {part}" for wave in ("sine", "cosine")]
            names += [self.column] if part == Part.time else waves
        return tuple(names)

    @property
    def group(self) -> tuple[Any, ...]:
        """Dates of the same parts go together."""
        return (self.name, self.parts)

    def input_notes(self) -> dict[str, Any]:
        """Return how a date is told as a number, and which are usual."""
        return {
            "holds": "a date as days since 1970-01-01 00:00, with the time of day as a fraction",
            "missing": "NaN",
            "usual": self.mean,
            "spread": self.deviation,
        }

    def plain_feed(self, values: list[Any]) -> np.ndarray:
        """Return the numbers."""
        return plain_numbers(values)

    def read(self, values: pa.Array) -> np.ndarray:
        """Return days since 1970 with fractions, NaN where missing, float64 [rows]."""
        return read_days(values)

    def constants(self) -> dict[str, np.ndarray]:
        """Return mean and deviation, and of each cycle its length and start."""
        import numpy as np

        cycles = np.asarray([CYCLES[Part(p)] for p in self.parts if p != Part.time], np.float64)
        cycles = cycles.reshape(-1, 2)
        return {
            "mean": np.asarray(self.mean),
            "deviation": np.asarray(self.deviation),
            "length": cycles[:, 0],
            "start": cycles[:, 1],
            "turn": np.asarray(2 * math.pi),
        }

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:
        """Return the parts; all 0 where the date is missing."""
        known = x == x
        days = xp.where(known, x, 0.0)
        made = []
        if Part.time in self.parts:
            scaled = (days - constants["mean"]) / constants["deviation"]
            made.append(xp.clip(scaled, -MOST_DEVIATIONS, MOST_DEVIATIONS)[:, :, None])
        phase = (days[:, :, None] - constants["start"]) / constants["length"]
        angle = (phase - xp.floor(phase)) * constants["turn"][:, None]
        for cycle in range(len(self.parts) - len(made)):
            own = angle[:, :, cycle : cycle + 1]
            made += [_rounded(xp, xp.sin(own)), _rounded(xp, xp.cos(own))]
        return xp.where(known[:, :, None], xp.concatenate(made, axis=2), 0.0)


def _rounded(xp: Any, x: Any) -> Any:
    """Return multiples of 2 to the power of -40.

    Days before and after a turn have the same sine, but for its last bits, which differ from one
    library to the next: a tree that divides them would predict otherwise there.
    """
    return xp.floor(x * ROUNDING + 0.5) / ROUNDING


def usual_parts(column: Column) -> list[Part]:
    """Return the default parts of a date column, by how its values are written."""
    if column.format and not has_date(column.format):
        return [Part.time, Part.day]
    if column.format and not has_day(column.format):
        return [Part.time, Part.year]
    return [Part.time, Part.year, Part.week]


def read_days(values: pa.Array) -> np.ndarray:
    """Return days since 1970 with fractions, NaN where missing, float64 [rows]."""
    import numpy as np
    import pyarrow as pa

    microseconds = values.cast(pa.timestamp("us")).cast(pa.int64())
    days: np.ndarray = (
        np.asarray(microseconds.to_numpy(zero_copy_only=False), dtype=np.float64) / DAY_US
    )
    return days
