"""Lengths that may depend on the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlfw_onnx.wire import DamagedError


@dataclass(frozen=True)
class Size:
    """A length that may depend on the number of rows: `fixed + each * rows`."""

    fixed: int
    each: int = 0

    def __add__(self, other: Size | int) -> Size:
        other = size_of(other)
        return Size(self.fixed + other.fixed, self.each + other.each)

    __radd__ = __add__

    def __sub__(self, other: Size | int) -> Size:
        return self + size_of(other) * -1

    def __mul__(self, other: Size | int) -> Size:
        other = size_of(other)
        if self.each and other.each:
            raise DamagedError("grows faster than the number of rows")
        return Size(self.fixed * other.fixed, self.each * other.fixed + self.fixed * other.each)

    __rmul__ = __mul__


Length = Size | int
Shape = tuple[Size, ...]
ONE = Size(1)
ROWS = Size(0, 1)


def size_of(value: Length) -> Size:
    """Return a length as a `Size`."""
    return value if isinstance(value, Size) else Size(int(value))


def count(shape: Sequence[Length]) -> Size:
    """Return the number of elements of a shape."""
    total = ONE
    for length in shape:
        total = total * length
    return total


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of an element-wise result."""
    rank = max(map(len, shapes))
    wide = [(ONE,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_common(lengths) for lengths in zip(*wide, strict=True))


def _common(lengths: Sequence[Size]) -> Size:
    found = {length for length in lengths if length != ONE}
    if len(found) > 1:
        raise DamagedError("lengths do not fit together")
    return found.pop() if found else ONE


def check_equal(one: Size, other: Size) -> None:
    """Check that two lengths are equal for every number of rows."""
    if one != other:
        raise DamagedError("lengths do not fit together")


def without(shape: Shape, axes: Sequence[int], *, keep: bool) -> Shape:
    """Return a shape without some dimensions, or with one element in each of them."""
    if keep:
        return tuple(ONE if at in axes else length for at, length in enumerate(shape))
    return tuple(length for at, length in enumerate(shape) if at not in axes)
