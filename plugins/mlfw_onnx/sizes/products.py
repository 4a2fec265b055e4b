"""Sizes of products of matrices, of windows over images, and of what trees predict."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlfw_onnx.sizes.lengths import Shape, Size, broadcast, check_equal, count
from mlfw_onnx.sizes.steps import Known, Step, rule
from mlfw_onnx.wire import DamagedError


@rule("Gemm")
def _product_and_sum(step: Step) -> list[Known]:
    left, right = step.input(0).shape, step.input(1).shape
    if len(left) != 2 or len(right) != 2:
        raise DamagedError("lengths do not fit together")
    left = left[::-1] if step.attributes.get("transA") else left
    right = right[::-1] if step.attributes.get("transB") else right
    check_equal(left[1], right[0])
    step.work = count([left[0], left[1], right[1]])
    return [Known((left[0], right[1]))]


@rule("MatMul")
def _product(step: Step) -> list[Known]:
    left, right = step.input(0).shape, step.input(1).shape
    if len(left) < 2 or len(right) < 2:
        raise DamagedError("lengths do not fit together")
    check_equal(left[-1], right[-2])
    stacked = broadcast([left[:-2], right[:-2]]) if len(left) + len(right) > 4 else ()
    step.work = count([*stacked, left[-2], left[-1], right[-1]])
    return [Known((*stacked, left[-2], right[-1]))]


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
