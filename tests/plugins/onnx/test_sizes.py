"""A model that asks for too much memory or time is refused before it is loaded."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from mlfw_onnx import Tensor, arrays
from mlfw_onnx.operators import OPERATORS
from mlfw_onnx.sizes import RULES

from .small_forest import model_of, refusal


def test_every_allowed_operator_has_a_rule_for_its_size() -> None:
    assert {op for ops in OPERATORS.values() for op in ops} == RULES.keys() | {"Loop"}


def grown(x: Tensor, times: int) -> Tensor:
    for _ in range(times):
        x = arrays.concatenate([x, x], axis=1)
    return x


def nested(x: Tensor) -> Tensor:
    """Run a loop within a loop."""
    graph = x.graph

    def inner(_: Tensor, state: Tensor) -> Tensor:
        return state.graph.op("Sin", state)

    def outer(_: Tensor, state: Tensor) -> Tensor:
        return state.graph.loop(99_999, state, inner, [None, 2])

    return graph.loop(99_999, x, outer, [None, 2])


BOMBS: dict[str, Callable[[Tensor], Tensor]] = {
    "columns that double": lambda x: grown(x, 40)[:, :2],
    "a wide constant": lambda x: (
        x + x.graph.op("ConstantOfShape", x.graph.integers([10**7, 10**5]))[0, :2].cast("float64")
    ),
    "products of constants": lambda x: (
        x + (x.graph.constant(np.ones((9000, 1))) @ x.graph.constant(np.ones((1, 9000))))[0, :2]
    ),
    "broadcast constants": lambda x: (
        x + (x.graph.constant(np.ones((9000, 1))) * x.graph.constant(np.ones(9000)))[0, :2]
    ),
    "a row for every row": lambda x: x + arrays.sum(x[:, None] - x[None], axis=1),
    "an expanded row": lambda x: (
        x + x.graph.op("Expand", x[:, :, None], x.graph.integers([1, 1, 10**9]))[:, :, 0]
    ),
    "padding": lambda x: x + x.graph.op("Pad", x, x.graph.integers([0, 0, 0, 10**9]))[:, :2],
    "an endless loop": lambda x: x.graph.loop(
        2**62, x, lambda _, state: state.graph.op("Sin", state), [None, 2]
    ),
    "loops in a loop": nested,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_model_that_asks_for_too_much_is_refused_at_once(name: str) -> None:
    content = model_of(BOMBS[name]).SerializeToString()

    started = time.process_time()
    message = refusal(content)

    assert len(content) < 300_000
    assert time.process_time() - started < 0.5
    assert any(word in message for word in ("memory", "number of rows", "100,000 steps")), message
