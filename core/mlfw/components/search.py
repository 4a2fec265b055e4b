"""Search ranges: which values of a field are worth trying when tuning."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mlfw.errors import UserError, did_you_mean
from mlfw.hints import override

SEARCH = "mlfw.search"

INTERVAL_SHOWN = {"low": 0.1, "high": 10, "log": True}


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, both included.

    Attributes:
        low: The smallest value.
        high: The largest value.
        log: Whether values are spread evenly over orders of magnitude.
        integer: Whether only whole numbers count.
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False

    def grid(self, points: int) -> list[Any]:
        """Return about `points` values spread over the interval, without repeats."""
        count = max(points, 1)
        steps = [step / max(count - 1, 1) for step in range(count)]
        if self.log:
            bottom, top = math.log(self.low), math.log(self.high)
            values = [math.exp(bottom + step * (top - bottom)) for step in steps]
        else:
            values = [self.low + step * (self.high - self.low) for step in steps]
        if self.integer:
            return sorted({round(value) for value in values})
        short = (float(f"{value:.6g}") for value in values)
        return sorted({min(max(value, self.low), self.high) for value in short})

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{' (log)' if self.log else ''}"


@dataclass(frozen=True)
class Choices:
    """A few values, in no order."""

    values: tuple[Any, ...]

    def grid(self, points: int) -> list[Any]:  # noqa: ARG002 - one signature for all ranges
        """Return all values, however many points were asked for."""
        return list(self.values)

    def __str__(self) -> str:
        return ", ".join(str(plain(value)) for value in self.values)


SearchRange = Interval | Choices
Space = Mapping[str, SearchRange]


def search(
    low: float | None = None,
    high: float | None = None,
    *,
    log: bool = False,
    choices: typing.Sequence[Any] = (),
) -> dict[str, Any]:
    """Return field metadata that says which values a tuner tries.

    Args:
        low: The smallest value; an interval is of whole numbers when both ends are ints.
        high: The largest value.
        log: Whether to spread values evenly over orders of magnitude.
        choices: The values to try, in place of an interval.

    Example:
        `C: float = field(default=1.0, metadata=search(1e-3, 1e3, log=True))`
    """
    if choices:
        return {SEARCH: Choices(tuple(choices))}
    if low is None or high is None or not low < high or (log and low <= 0):
        raise ValueError("search() takes low < high (above 0 with log=True), or choices")
    return {SEARCH: Interval(low, high, log, isinstance(low, int) and isinstance(high, int))}


def default_space(component: type[Any]) -> dict[str, SearchRange]:
    """Return the search ranges that a component's own fields declare."""
    return {
        field.name: field.metadata[SEARCH]
        for field in dataclasses.fields(component)
        if SEARCH in field.metadata
    }


def parse_space(component: type[Any], given: Mapping[str, Any]) -> dict[str, SearchRange]:
    """Return the search ranges that a user wrote under `tuner.space`.

    Args:
        component: The model whose fields are to be searched.
        given: For each field a list of values, or a mapping with `low`, `high` and perhaps `log`;
            for a field that is a mapping, the same for each of its items, which are then called
            `field.item`, and may be written so too.

    Raises:
        UserError: A field is unknown or a range is not of these two forms.
    """
    known = {field.name: field for field in dataclasses.fields(component)}
    hints = typing.get_type_hints(component)
    space: dict[str, SearchRange] = {}
    for key, spec in given.items():
        name, _, item = key.partition(".")
        if name not in known or (item and typing.get_origin(hints[name]) is not dict):
            raise UserError(
                f"tuner.space.{key}: the model has no such field.", did_you_mean(key, known)
            )
        items = {key: spec}
        if not item and typing.get_origin(hints[name]) is dict and isinstance(spec, Mapping):
            items = {f"{name}.{one}": own for one, own in spec.items()}
        space |= {full: _parse_range(full, own, known[name]) for full, own in items.items()}
    return space


def _parse_range(name: str, spec: Any, field: dataclasses.Field[Any]) -> SearchRange:
    remedy = (
        f"Write {override('tuner.space', [1, 2, 3], name=name)} for single values, or "
        f"{override('tuner.space', INTERVAL_SHOWN, name=name)} for an interval."
    )
    if isinstance(spec, list | tuple) and spec:
        return Choices(tuple(spec))
    if isinstance(spec, Mapping) and {"low", "high"} <= set(spec) <= {"low", "high", "log"}:
        declared = field.metadata.get(SEARCH)
        log = bool(spec.get("log", declared.log if isinstance(declared, Interval) else False))
        try:
            (metadata,) = search(spec["low"], spec["high"], log=log).values()
        except (TypeError, ValueError):
            raise UserError(
                f"tuner.space.{name}: expected numbers with low < high, above 0 where log is "
                f"true, found {dict(spec)}.",
                remedy,
            ) from None
        return typing.cast("Interval", metadata)
    raise UserError(f"tuner.space.{name}: expected a list or an interval, found {spec!r}.", remedy)


def plain(value: Any) -> Any:
    """Return an enum's value, and anything else as it is."""
    return value.value if isinstance(value, Enum) else value
