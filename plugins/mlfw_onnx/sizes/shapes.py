"""Sizes of what only changes the shape of tensors, or is made from a shape."""

from __future__ import annotations

from mlfw_onnx.sizes.lengths import ONE, Shape, Size, broadcast, check_equal, count, without
from mlfw_onnx.sizes.steps import KNOWN, Known, Step, axis_of, rule
from mlfw_onnx.wire import DamagedError


@rule("Shape")
def _shape(step: Step) -> list[Known]:
    import numpy as np

    shape = step.input(0).shape
    start, end = step.attributes.get("start", 0), step.attributes.get("end")
    part = shape[start:end]
    values = np.empty(len(part), object)
    values[:] = part
    return [Known((Size(len(part)),), values)]


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
    check_equal(count(shape), total)
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


@rule("Squeeze")
def _squeezed(step: Step) -> list[Known]:
    part = step.input(0)
    axes = [axis_of(axis, part.rank) for axis in step.integers(1)]
    if any(part.shape[axis] != ONE for axis in axes):
        raise DamagedError("lengths do not fit together")
    shape = without(part.shape, axes, keep=False)
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
