"""What is known of a node's inputs, and the registry of functions that follow sizes through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw_onnx.sizes.lengths import Shape, Size
from mlfw_onnx.wire import DamagedError

if TYPE_CHECKING:
    import numpy as np

KNOWN = 64  # tensors of at most so many whole numbers are followed by value
BYTES_EACH = 8  # no element takes more, but texts


@dataclass(frozen=True)
class Known:
    """What is known of a tensor before anything is computed.

    Attributes:
        shape: Its lengths.
        values: Its values, an array of `Size`, if it is a constant or part of a shape; else None.
    """

    shape: Shape
    values: np.ndarray | None = None

    @property
    def rank(self) -> int:
        """How many dimensions it has."""
        return len(self.shape)


@dataclass
class Step:
    """A node whose outputs' sizes are wanted.

    Attributes:
        op: The operator.
        inputs: What is known of its inputs; None for one that is left out.
        attributes: Its attributes, by name.
        outputs: How many outputs it has.
        work: How many multiplications it takes, beside one for each element of its outputs.
    """

    op: str
    inputs: list[Known | None]
    attributes: dict[str, Any]
    outputs: int = 1
    work: Size = field(default=Size(0))

    def input(self, number: int) -> Known:
        """Return an input that must be there."""
        found = self.inputs[number] if number < len(self.inputs) else None
        if found is None:
            raise DamagedError("an input is missing")
        return found

    def integers(self, number: int, default: Sequence[int] | None = None) -> list[int]:
        """Return the values of an input that is a constant of whole numbers."""
        if default is not None and (len(self.inputs) <= number or self.inputs[number] is None):
            return list(default)
        values = self.input(number).values
        if values is None or any(value.each for value in values.flat):
            raise DamagedError("an input is no constant")
        return [value.fixed for value in values.flat]

    def axis(self, rank: int, default: int = 0) -> int:
        """Return the attribute `axis`, from 0."""
        return axis_of(int(self.attributes.get("axis", default)), rank)


def axis_of(axis: int, rank: int) -> int:
    """Return an axis from 0."""
    if not -rank <= axis < rank:
        raise DamagedError(f"axis {axis} of {rank} dimensions")
    return axis % rank


Rule = Callable[[Step], list[Known]]
RULES: dict[str, Rule] = {}


def rule(*ops: str) -> Callable[[Rule], Rule]:
    """Register the function that returns what is known of the outputs of operators."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return register


def values_of(function: Callable[..., Any], *parts: Known) -> np.ndarray | None:
    """Return a function of values where all are known."""
    import numpy as np

    if any(part.values is None for part in parts):
        return None
    return np.asarray(function(*(part.values for part in parts)), dtype=object)
