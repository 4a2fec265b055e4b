"""Sizes of what is computed for each element, and along dimensions."""

from __future__ import annotations

from mlfw_onnx.sizes.lengths import ONE, Size, broadcast, count, without
from mlfw_onnx.sizes.steps import KNOWN, Known, Step, axis_of, rule, values_of
from mlfw_onnx.wire import DamagedError


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
        values = values_of(operation, *parts)
    elif step.op == "Equal":
        values = values_of(lambda a, b: np.vectorize(_equal, otypes=[object])(a, b), *parts)
    elif step.op == "Where":
        values = values_of(lambda c, a, b: np.where(c == ONE, a, b), *parts)
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
    return [Known(without(part.shape, axes, keep=bool(keep)))]
