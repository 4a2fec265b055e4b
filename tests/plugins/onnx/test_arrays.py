"""Tensors of a graph compute what NumPy's arrays compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as any_array

from mlfw_onnx import Graph, arrays

SIGN, SINE, COSINE = 1, 7, 8
EXPRESSIONS: list[Callable[[Any, Any], Any]] = [
    lambda xp, x: xp.abs(x),
    lambda xp, x: xp.sign(x),
    lambda xp, x: xp.floor(x),
    lambda xp, x: xp.sqrt(xp.abs(x)),
    lambda xp, x: xp.exp(-xp.abs(x)),
    lambda xp, x: xp.log(xp.abs(x) + 1e-9),
    lambda xp, x: xp.log1p(xp.abs(x)),
    lambda xp, x: xp.sin(x),
    lambda xp, x: xp.cos(x),
    lambda xp, x: xp.tanh(x),
    lambda xp, x: xp.clip(x, -1.5, 2.0),
    lambda xp, x: xp.clip(x, -xp.abs(x[:, :1]), xp.abs(x[:, 1:2])),
    lambda xp, x: xp.where((x == x) & ~(x < 0.5), 2.0 * x - 1.0, 0.0),
    lambda xp, x: xp.where((x >= 1) | (x <= -1), x, 1 / xp.where(x == 0, 1.0, x)),
    lambda xp, x: (xp.zeros_like(x, dtype=xp.int64) + 2) * 0.5 + xp.ones_like(x),
    lambda xp, x: xp.concatenate([x[:, :, None], xp.sin(x)[:, :, None]], axis=2),
    lambda xp, x: xp.stack([x, x > 0], axis=1),
    lambda xp, x: xp.sum(x, axis=1, keepdims=True) - xp.sum(x[::2], axis=0),
    lambda xp, x: xp.argmax(x, axis=1),
    lambda xp, x: x[0] * x[:, 1][:, None] + x[1:2, 2],
    lambda xp, x: x[:, [2, 0]][..., ::-1] if xp is np else x[:, [2, 0]][:, ::-1],
    lambda xp, x: x[xp.argmax(x, axis=1)],
    lambda xp, x: (x**2 - 3) / 7 @ xp.ones_like(x[:3, :]),
    lambda xp, x: x[:, None, 1:] == x[:, :2, None],
    lambda xp, x: xp.mean(xp.stack([x, x], axis=1), axis=(1, 2)),
    lambda xp, x: xp.transpose(xp.split(x, 3, axis=1)[1], (1, 0)),
]


@pytest.fixture(scope="module")
def session() -> ort.InferenceSession:
    """A graph with one output an expression."""
    graph = Graph()
    x = graph.input("x", "float64", ["rows", 3])
    for place, expression in enumerate(EXPRESSIONS):
        rank = expression(np, np.ones((3, 3))).ndim
        graph.output(expression(arrays, x), f"y{place}", [None] * rank)
    return ort.InferenceSession(graph.model("test").SerializeToString())


@settings(deadline=None, max_examples=25)
@given(
    any_array(
        np.float64,
        st.tuples(st.integers(3, 5), st.just(3)),
        elements=st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1e-17, 0.5, 1.0]),
    )
)
def test_expressions_are_those_of_numpy(session: ort.InferenceSession, x: np.ndarray) -> None:
    found = session.run(None, {"x": x})

    for expression, made in zip(EXPRESSIONS, found, strict=True):
        with np.errstate(over="ignore"):
            wanted = expression(np, x)
        assert made.dtype == wanted.dtype
        np.testing.assert_allclose(made, wanted, rtol=1e-13, atol=1e-300)


def test_missing_and_huge_numbers_are_those_of_numpy(session: ort.InferenceSession) -> None:
    x = np.array([[np.nan, np.inf, -np.inf], [1e100, -1e100, 1e-100], [1e-9, -1e-9, np.nan]])

    with np.errstate(all="ignore"):
        for place, expression in enumerate(EXPRESSIONS[:14]):
            if place not in (SIGN, SINE, COSINE):  # which are of finite numbers here
                (made,) = session.run([f"y{place}"], {"x": x})
                np.testing.assert_allclose(made, expression(np, x), rtol=1e-13, atol=0)


def test_types_are_promoted_as_numpy_promotes_them() -> None:
    graph = Graph()
    values = {
        name: np.arange(3).astype(name) for name in ("uint8", "int32", "int64", "float32", "bool")
    }
    inputs = {name: graph.input(name, name, ["rows"]) for name in values}
    pairs = [(a, b) for a in values for b in values if a != b]
    for a, b in pairs:
        graph.output(arrays.where(inputs["bool"], inputs[a], inputs[b]), f"{a} {b}", ["rows"])
    graph.output(inputs["int32"] * 0.5, "half", ["rows"])

    run = ort.InferenceSession(graph.model("test").SerializeToString()).run
    *found, half = run(None, values)

    for (a, b), made in zip(pairs, found, strict=True):
        wanted = np.where(values["bool"], values[a], values[b])
        assert made.dtype == wanted.dtype
        assert np.array_equal(made, wanted)
    assert half.dtype == np.float64


def test_names_of_others_are_left_alone() -> None:
    graph = Graph()
    names = ["mlfw/1", "a b", "ä.'\"/[0]", "x"]
    total = graph.input(names[0], "float64", ["rows"])
    for name in names[1:]:
        total = total + graph.input(name, "float64", ["rows"])
    graph.output(total, "y", ["rows"])

    with pytest.raises(ValueError, match="x"):
        graph.input("x", "float64", ["rows"])
    session = ort.InferenceSession(graph.model("test").SerializeToString())
    assert session.run(None, {name: np.ones(2) for name in names})[0].tolist() == [4, 4]
