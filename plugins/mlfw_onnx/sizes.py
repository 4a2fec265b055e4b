"""How large the tensors of a graph become, as a function of the number of rows.

Sizes are followed through the operators that models of mlfw use, without computing anything. What
is not known, or grows faster than the number of rows, is refused: a file of a hundred bytes can
ask for a terabyte.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw_onnx.wire import DamagedError

if TYPE_CHECKING:
    import numpy as np

KNOWN = 64  # tensors of at most so many whole numbers are followed by value
BYTES_EACH = 8  # no element takes more, but texts


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


def _value(function: Callable[..., Any], *parts: Known) -> np.ndarray | None:
    """Return a function of values where all are known."""
    import numpy as np

    if any(part.values is None for part in parts):
        return None
    return np.asarray(function(*(part.values for part in parts)), dtype=object)


@rule(
    *("Abs", "Cos", "Elu", "Erf", "Exp", "Floor", "IsNaN", "LabelEncoder", "LeakyRelu", "Log"),
    *("Neg", "Not", "Relu", "Sigmoid", "Sign", "Sin", "Sqrt", "Tanh", "Softmax"),
)
def _alone(step: Step) -> list[Known]:
    return [Known(step.input(0).shape)]


@rule("Identity", "Cast")
def _same(step: Step) -> list[Known]:
    return [step.input(0)]


@rule(
    *("Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max"),
    *("Min", "Mul", "Or", "Pow", "Sub", "Where"),
)
def _together(step: Step) -> list[Known]:
    import numpy as np

    parts = [step.input(number) for number in range(len(step.inputs))]
    shape = broadcast([part.shape for part in parts])
    values = None
    if count(shape).fixed > KNOWN:
        return [Known(shape)]
    if step.op in ("Add", "Sub", "Mul"):
        operation = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}[step.op]
        values = _value(operation, *parts)
    elif step.op == "Equal":
        values = _value(lambda a, b: np.vectorize(_equal, otypes=[object])(a, b), *parts)
    elif step.op == "Where":
        values = _value(lambda c, a, b: np.where(c == ONE, a, b), *parts)
    return [Known(shape, values)]


def _equal(one: Size, other: Size) -> Size:
    """Return 1 or 0, as far as it does not depend on the number of rows, which is at least 0."""
    if one != other and one.each != other.each:
        least = one - other if one.each > other.each else other - one
        if least.fixed <= 0:
            raise DamagedError("depends on the number of rows")
    return Size(int(one == other))


@rule("BatchNormalization", "InstanceNormalization", "LayerNormalization")
def _normalised(step: Step) -> list[Known]:
    if step.attributes.get("training_mode"):
        raise DamagedError("attribute 'training_mode' is not allowed")
    return [Known(step.input(0).shape)]


@rule("Shape")
def _shape(step: Step) -> list[Known]:
    import numpy as np

    shape = step.input(0).shape
    start, end = step.attributes.get("start", 0), step.attributes.get("end")
    part = shape[start:end]
    values = np.empty(len(part), object)
    values[:] = part
    return [Known((Size(len(part)),), values)]


@rule("ArgMax", "ReduceMean", "ReduceSum", "ReduceSumSquare")
def _reduced(step: Step) -> list[Known]:
    part = step.input(0)
    if step.op == "ArgMax":
        axes = [step.axis(part.rank)]
    else:
        axes = [axis_of(axis, part.rank) for axis in step.integers(1)]
        if not axes:
            raise DamagedError("no axes")
    keep = step.attributes.get("keepdims", 1)
    step.work = count(part.shape)
    return [Known(_without(part.shape, axes, keep=bool(keep)))]


def _without(shape: Shape, axes: Sequence[int], *, keep: bool) -> Shape:
    if keep:
        return tuple(ONE if at in axes else length for at, length in enumerate(shape))
    return tuple(length for at, length in enumerate(shape) if at not in axes)


@rule("Concat")
def _concatenated(step: Step) -> list[Known]:
    import numpy as np

    parts = [step.input(number) for number in range(len(step.inputs))]
    axis = step.axis(parts[0].rank)
    shape = list(parts[0].shape)
    for part in parts[1:]:
        if part.rank != len(shape):
            raise DamagedError("lengths do not fit together")
        for at, length in enumerate(part.shape):
            if at == axis:
                shape[at] = shape[at] + length
            else:
                _check_equal(shape[at], length)
    values = None
    if len(shape) == 1 and shape[0].fixed <= KNOWN:
        values = _value(lambda *each: np.concatenate(each), *parts)
    return [Known(tuple(shape), values)]


def _check_equal(one: Size, other: Size) -> None:
    if one != other:
        raise DamagedError("lengths do not fit together")


@rule("ConstantOfShape")
def _filled(step: Step) -> list[Known]:
    import numpy as np

    shape = _wanted(step.input(0))
    values, constant = None, step.attributes.get("value")
    if len(shape) <= 1 and not any(length.each for length in shape):
        size = count(shape).fixed
        if constant is None or (constant.values is not None and constant.values.size == 1):
            filling = Size(0) if constant is None else constant.values.flat[0]
            if size <= KNOWN:
                values = np.full([length.fixed for length in shape], filling, object)
    return [Known(shape, values)]


def _wanted(part: Known) -> Shape:
    if part.values is None or part.rank != 1:
        raise DamagedError("a shape is not known before the model runs")
    shape = tuple(part.values.tolist())
    if any(length.fixed < 0 or length.each < 0 for length in shape):
        raise DamagedError("a length below 0")
    return shape


@rule("Expand")
def _expanded(step: Step) -> list[Known]:
    return [Known(broadcast([step.input(0).shape, _wanted(step.input(1))]))]


@rule("Gather")
def _gathered(step: Step) -> list[Known]:
    import numpy as np

    part, places = step.input(0), step.input(1)
    axis = step.axis(part.rank)
    shape = (*part.shape[:axis], *places.shape, *part.shape[axis + 1 :])
    values = None
    if part.values is not None and places.values is not None and part.rank == 1:
        numbers = np.array([value.fixed for value in places.values.flat], np.int64)
        length = len(part.values)
        if any(value.each for value in places.values.flat) or (
            len(numbers) and (numbers.min() < -length or numbers.max() >= length)
        ):
            raise DamagedError("an index is out of range")
        values = np.empty(places.values.shape, object)
        values[...] = part.values[numbers.reshape(places.values.shape)]
    return [Known(shape, values)]


@rule("Gemm")
def _product_and_sum(step: Step) -> list[Known]:
    left, right = step.input(0).shape, step.input(1).shape
    if len(left) != 2 or len(right) != 2:
        raise DamagedError("lengths do not fit together")
    left = left[::-1] if step.attributes.get("transA") else left
    right = right[::-1] if step.attributes.get("transB") else right
    _check_equal(left[1], right[0])
    step.work = count([left[0], left[1], right[1]])
    return [Known((left[0], right[1]))]


@rule("MatMul")
def _product(step: Step) -> list[Known]:
    left, right = step.input(0).shape, step.input(1).shape
    if len(left) < 2 or len(right) < 2:
        raise DamagedError("lengths do not fit together")
    _check_equal(left[-1], right[-2])
    stacked = broadcast([left[:-2], right[:-2]]) if len(left) + len(right) > 4 else ()
    step.work = count([*stacked, left[-2], left[-1], right[-1]])
    return [Known((*stacked, left[-2], right[-1]))]


@rule("Pad")
def _padded(step: Step) -> list[Known]:
    shape = step.input(0).shape
    more = step.integers(1)
    if len(more) != 2 * len(shape) or len(step.inputs) > 3 or min(more, default=0) < 0:
        raise DamagedError("its padding does not fit")
    pairs = zip(more[: len(shape)], more[len(shape) :], strict=True)
    return [Known(tuple(n + a + b for n, (a, b) in zip(shape, pairs, strict=True)))]


@rule("Reshape")
def _reshaped(step: Step) -> list[Known]:
    import numpy as np

    part, wanted = step.input(0), step.input(1).values
    if wanted is None:
        raise DamagedError("a shape is not known before the model runs")
    shape: list[Size] = []
    missing = None
    for at, length in enumerate(wanted.flat):
        if length == Size(-1) and missing is None:
            missing = at
            shape.append(ONE)
        elif length == Size(0) and not step.attributes.get("allowzero"):
            if at >= part.rank:
                raise DamagedError("lengths do not fit together")
            shape.append(part.shape[at])
        elif length.fixed < 0 or length.each < 0:
            raise DamagedError("a length below 0")
        else:
            shape.append(length)
    total = count(part.shape)
    if missing is not None:
        shape[missing] = _quotient(total, count(shape))
    _check_equal(count(shape), total)
    values = part.values
    if values is not None:
        values = np.reshape(values, [length.fixed for length in shape])
    return [Known(tuple(shape), values)]


def _quotient(total: Size, part: Size) -> Size:
    if part.each:
        if total.fixed * part.each == total.each * part.fixed and total.each % part.each == 0:
            return Size(total.each // part.each)
    elif part.fixed and not (total.fixed % part.fixed or total.each % part.fixed):
        return Size(total.fixed // part.fixed, total.each // part.fixed)
    raise DamagedError("lengths do not fit together")


@rule("ScatterElements")
def _scattered(step: Step) -> list[Known]:
    step.work = count(step.input(1).shape)
    return [Known(step.input(0).shape)]


@rule("Slice")
def _sliced(step: Step) -> list[Known]:
    part = step.input(0)
    starts, ends = step.integers(1), step.integers(2)
    axes = step.integers(3, range(len(starts)))
    steps = step.integers(4, [1] * len(starts))
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise DamagedError("lengths do not fit together")
    shape, places = list(part.shape), [slice(None)] * part.rank
    for start, end, axis, by in zip(starts, ends, axes, steps, strict=True):
        at = axis_of(axis, part.rank)
        places[at] = slice(start, end, by)
        shape[at] = _part_of(shape[at], start, end, by)
    values = part.values[tuple(places)] if part.values is not None else None
    return [Known(tuple(shape), values)]


def _part_of(length: Size, start: int, end: int, by: int) -> Size:
    if not length.each and by:
        return Size(len(range(*slice(start, end, by).indices(length.fixed))))
    if (start, by) == (0, 1) and end >= 2**31 - 1:
        return length
    raise DamagedError("part of the rows")


@rule("Split")
def _split(step: Step) -> list[Known]:
    shape = step.input(0).shape
    axis = step.axis(len(shape))
    if len(step.inputs) > 1:
        sizes = step.integers(1)
    else:
        length, parts = shape[axis], step.attributes.get("num_outputs", step.outputs)
        if length.each or parts < 1:
            raise DamagedError("lengths do not fit together")
        each = -(-length.fixed // parts)
        sizes = [each] * (parts - 1) + [length.fixed - each * (parts - 1)]
    if len(sizes) != step.outputs or min(sizes) < 0 or Size(sum(sizes)) != shape[axis]:
        raise DamagedError("lengths do not fit together")
    return [Known((*shape[:axis], Size(size), *shape[axis + 1 :])) for size in sizes]


@rule("Squeeze")
def _squeezed(step: Step) -> list[Known]:
    part = step.input(0)
    axes = [axis_of(axis, part.rank) for axis in step.integers(1)]
    if any(part.shape[axis] != ONE for axis in axes):
        raise DamagedError("lengths do not fit together")
    shape = _without(part.shape, axes, keep=False)
    values = part.values
    return [Known(shape, None if values is None else values.reshape([n.fixed for n in shape]))]


@rule("Unsqueeze")
def _unsqueezed(step: Step) -> list[Known]:
    part, axes = step.input(0), step.integers(1)
    rank = part.rank + len(axes)
    places = {axis_of(axis, rank) for axis in axes}
    if len(places) < len(axes):
        raise DamagedError("an axis twice")
    left = iter(part.shape)
    shape = tuple(ONE if at in places else next(left) for at in range(rank))
    values = part.values
    return [Known(shape, None if values is None else values.reshape([n.fixed for n in shape]))]


@rule("Transpose")
def _transposed(step: Step) -> list[Known]:
    shape = step.input(0).shape
    order = [int(at) for at in step.attributes.get("perm", range(len(shape))[::-1])]
    if sorted(order) != list(range(len(shape))):
        raise DamagedError("lengths do not fit together")
    return [Known(tuple(shape[at] for at in order))]


@rule("Flatten")
def _flattened(step: Step) -> list[Known]:
    shape = step.input(0).shape
    axis = step.axis(len(shape), default=1)
    return [Known((count(shape[:axis]), count(shape[axis:])))]


@rule("Conv")
def _convolved(step: Step) -> list[Known]:
    shape, kernel = step.input(0).shape, step.input(1).shape
    if len(kernel) != len(shape) or any(length.each for length in kernel):
        raise DamagedError("lengths do not fit together")
    made = _positions(step, shape, [length.fixed for length in kernel[2:]])
    step.work = count([shape[0], *kernel, *made])
    return [Known((shape[0], kernel[0], *made))]


@rule("MaxPool")
def _pooled(step: Step) -> list[Known]:
    shape = step.input(0).shape
    window = [int(length) for length in step.attributes.get("kernel_shape", ())]
    if len(window) != len(shape) - 2 or min(window, default=0) < 1:
        raise DamagedError("lengths do not fit together")
    if step.attributes.get("ceil_mode"):
        raise DamagedError("attribute 'ceil_mode' is not allowed")
    made = _positions(step, shape, window)
    step.work = count([*shape[:2], *made]) * math.prod(window)
    return [Known((*shape[:2], *made))]


def _positions(step: Step, shape: Shape, window: Sequence[int]) -> list[Size]:
    """Return how often a window fits into each dimension of an image."""
    spatial, given = len(window), step.attributes
    if spatial < 1 or given.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise DamagedError("lengths do not fit together")
    if any(length.each for length in shape[1:]):
        raise DamagedError("lengths do not fit together")
    pads = [int(n) for n in given.get("pads", [0] * (2 * spatial))]
    strides = [int(n) for n in given.get("strides", [1] * spatial)]
    apart = [int(n) for n in given.get("dilations", [1] * spatial)]
    if len(pads) != 2 * spatial or len(strides) != spatial or len(apart) != spatial:
        raise DamagedError("lengths do not fit together")
    if min(pads) < 0 or min(strides) < 1 or min(apart) < 1:
        raise DamagedError("lengths do not fit together")
    made = []
    for at in range(spatial):
        reach = apart[at] * (window[at] - 1) + 1
        room = shape[2 + at].fixed + pads[at] + pads[at + spatial] - reach
        if room < 0:
            raise DamagedError("lengths do not fit together")
        made.append(Size(room // strides[at] + 1))
    return made


@rule("TreeEnsemble")
def _trees(step: Step) -> list[Known]:
    shape, roots = step.input(0).shape, step.attributes["tree_roots"]
    step.work = shape[0] * (len(roots) * max(int(math.log2(len(roots) + 1)), 10))
    return [Known((shape[0], Size(int(step.attributes["n_targets"]))))]
