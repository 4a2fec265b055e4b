"""Numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, limits
from mlfw_tabular.prepare.encoder import LARGEST, MOST_DEVIATIONS, Encoder, plain_numbers
from mlfw_tabular.prepare.scales import Scale, interpolated, learn_scale, sampled, signed_log

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_UNSCALED = 1e30  # within single precision


class Impute(StrEnum):
    """What stands for a missing number: a value of the training rows, or `fill`."""

    median = "median"
    mean = "mean"
    mode = "mode"
    constant = "constant"


class Indicator(StrEnum):
    """Whether a number of its own says that a value was missing.

    `auto` is where it occurred in training.
    """

    auto = "auto"
    always = "always"
    never = "never"


@dataclass(frozen=True, kw_only=True)
class NumberOptions:
    """How a number is prepared.

    Attributes:
        impute: What stands for a missing value: the median, mean or mode of the training rows,
            or constant, which is fill.
        fill: What stands for a missing value with impute=constant.
        indicator: Whether a number of its own says that the value was missing: always, never or
            auto, where that occurred in training.
        scale: standard (mean 0, deviation 1), robust (median 0, middle half as wide as a normal
            distribution's), minmax (0 to 1), log (sign times log(1 + size), then standard),
            quantile (ranks, as a normal distribution has them) or none.
    """

    impute: Impute = Impute.median
    fill: float = field(default=0.0, metadata=limits(minimum=-LARGEST, maximum=LARGEST))
    indicator: Indicator = Indicator.auto
    scale: Scale = Scale.standard


@dataclass(frozen=True, kw_only=True)
class NumberEncoder(Encoder):
    """A number: filled where missing, scaled, with an indicator of what was missing.

    Attributes:
        column: The column's name.
        scale: How it is scaled.
        indicator: Whether a number of its own says that the value was missing.
        fill: What stands for a missing value.
        centre: What is subtracted.
        width: What the rest is divided by.
        knots: For the scale quantile, ascending values.
        levels: For the scale quantile, what the knots become.
    """

    name: ClassVar[str] = "number"

    scale: str
    indicator: bool
    fill: float
    centre: float = 0.0
    width: float = 1.0
    knots: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()

    @classmethod
    def fit(cls, column: Column, values: pa.Array, options: NumberOptions) -> NumberEncoder:
        """Learn what fills and scales; infinities count as missing."""
        import numpy as np

        raw = _floats(values)
        complete = not len(raw) or bool(np.isfinite(raw.min()) and np.isfinite(raw.max()))
        known = np.isfinite(raw) if not complete else None
        present = _limited(raw if known is None else raw[known])
        fill = _fill(present, options)
        filled = present if known is None else _limited(np.where(known, raw, fill))
        learnt = learn_scale(filled, present, options.scale)
        indicator = options.indicator is Indicator.always or (
            options.indicator is Indicator.auto and not complete
        )
        return cls(
            column=column.name,
            scale=options.scale.value,
            indicator=indicator,
            fill=fill,
            **learnt,
        )

    def input_notes(self) -> dict[str, Any]:
        """Return what usual numbers are, and how far others lie from them."""
        spread = self.width
        if self.scale == Scale.quantile:
            spread = self.knots[-1] - self.knots[0]
        elif self.scale in (Scale.log, Scale.none):
            spread = abs(self.fill)
        return {**super().input_notes(), "usual": self.fill, "spread": spread or 1.0}

    @property
    def features(self) -> tuple[str, ...]:
        """The number, and whether it was missing."""
        missing = (f"{self.column} is missing",) if self.indicator else ()
        return (self.column, *missing)

    @property
    def group(self) -> tuple[Any, ...]:
        """Numbers that are scaled in the same way go together."""
        return (self.name, self.scale, self.indicator)

    def plain_feed(self, values: list[Any]) -> np.ndarray:
        """Return the numbers."""
        return plain_numbers(values)

    def read(self, values: pa.Array) -> np.ndarray:
        """Return the numbers with NaN where missing, float64 [rows]."""
        return _floats(values)

    def constants(self) -> dict[str, np.ndarray]:
        """Return fill, limits, centre and width, or the knots and levels."""
        import numpy as np

        names = ("knots", "levels") if self.scale == Scale.quantile else ("centre", "width")
        most = MOST_UNSCALED if self.scale == Scale.none else MOST_DEVIATIONS
        return {
            "fill": np.asarray(self.fill),
            "largest": np.asarray(LARGEST),
            "most": np.asarray(most),
            **{name: np.asarray(getattr(self, name), np.float64) for name in names},
        }

    @classmethod
    def stack(cls, encoders: Sequence[Encoder]) -> dict[str, np.ndarray]:
        """Return the constants of a group; knots and levels one column after the other."""
        import numpy as np

        constants = super().stack(encoders)
        if "knots" in constants:
            count, width = constants["knots"].shape
            constants["first"] = np.arange(count) * width
            constants["knots"] = constants["knots"].reshape(-1)
            constants["levels"] = constants["levels"].reshape(-1)
        return constants

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:
        """Fill, scale and mark what was missing."""
        known = xp.abs(x) < float("inf")
        largest = constants["largest"]
        filled = xp.clip(xp.where(known, x, constants["fill"]), -largest, largest)
        scaled = self._scaled(xp, filled, constants)[:, :, None]
        if not self.indicator:
            return scaled
        missing = xp.where(known, xp.zeros_like(x), xp.ones_like(x))[:, :, None]
        return xp.concatenate([scaled, missing], axis=2)

    def _scaled(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:
        if self.scale == Scale.quantile:
            return interpolated(xp, x, constants)
        x = signed_log(xp, x) if self.scale == Scale.log else x
        scaled = (x - constants["centre"]) / constants["width"]
        return xp.clip(scaled, -constants["most"], constants["most"])


def _floats(values: pa.Array) -> np.ndarray:
    import numpy as np

    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _limited(values: np.ndarray) -> np.ndarray:
    import numpy as np

    if not len(values) or max(values.max(), -values.min()) <= LARGEST:
        return values
    limited: np.ndarray = np.clip(values, -LARGEST, LARGEST)
    return limited


def _fill(present: np.ndarray, options: NumberOptions) -> float:
    import numpy as np

    if options.impute is Impute.constant or not len(present):
        return options.fill
    if options.impute is Impute.mode:
        values, counts = np.unique(present, return_counts=True)
        return float(values[counts.argmax()])
    if options.impute is Impute.median:
        return float(np.median(sampled(present)))
    return float(present.mean())
