"""Sizes of parts of tensors, and of tensors put together from parts."""

from __future__ import annotations

from mlfw_onnx.sizes.lengths import Size, check_equal, count
from mlfw_onnx.sizes.steps import KNOWN, Known, Step, axis_of, rule, values_of
from mlfw_onnx.wire import DamagedError


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
                check_equal(shape[at], length)
    values = None
    if len(shape) == 1 and shape[0].fixed <= KNOWN:
        values = values_of(lambda *each: np.concatenate(each), *parts)
    return [Known(tuple(shape), values)]


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


@rule("Pad")
def _padded(step: Step) -> list[Known]:
    shape = step.input(0).shape
    more = step.integers(1)
    if len(more) != 2 * len(shape) or len(step.inputs) > 3 or min(more, default=0) < 0:
        raise DamagedError("its padding does not fit")
    pairs = zip(more[: len(shape)], more[len(shape) :], strict=True)
    return [Known(tuple(n + a + b for n, (a, b) in zip(shape, pairs, strict=True)))]


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
