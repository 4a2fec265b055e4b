"""A small forest in ONNX, and ways to damage it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.ensemble import RandomForestClassifier

from mlfw import Column, Kind, Schema, Task, UserError
from mlfw_onnx import Graph, Tensor, arrays, prediction_model
from mlfw_onnx.graph import ML
from mlfw_onnx.session import checked_model
from mlfw_sklearn.graphs import add_probabilities

CLASSES = ("a", "b", "c")
SCHEMA = Schema.of(
    (Column(name="size", kind=Kind.number), Column(name="colour", kind=Kind.category)),
    Column(name="y", kind=Kind.category),
    Task.multiclass,
    CLASSES,
)
ROWS = {
    "size": np.array([0.5, -1.0, np.inf]),
    "colour": np.array(["red", "blue", ""], object),
}


def model_of(step: Callable[[Tensor], Tensor] = lambda x: x, trees: int = 4) -> onnx.ModelProto:
    """Return a model of a forest, with a step of one's own before it."""
    rows = np.random.default_rng(0).normal(size=(300, 2))
    forest = RandomForestClassifier(trees, random_state=0, max_leaf_nodes=20)
    forest.fit(rows, np.arange(300) % 3)
    graph = Graph()
    size = graph.input("size", np.float64, ["rows"])
    colour = graph.input("colour", object, ["rows"])
    code = graph.op(
        "LabelEncoder",
        colour,
        domain=ML,
        dtype=np.int64,
        keys_strings=["red", "blue"],
        values_int64s=[1, 2],
        default_int64=0,
    )
    x = step(arrays.stack([size, code.cast(np.float64)], axis=1))
    inputs: dict[str, dict[str, Any]] = {"size": {"usual": 1.0}, "colour": {}}
    return prediction_model(graph, SCHEMA, [add_probabilities(forest, x, 3)], inputs)


GOOD = model_of()
CONTENT = GOOD.SerializeToString()


def changed(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.ModelProto.FromString(CONTENT)
    change(model)
    return model.SerializeToString()


def node(model: onnx.ModelProto, op: str) -> onnx.NodeProto:
    return next(each for each in model.graph.node if each.op_type == op)


def attribute(model: onnx.ModelProto, name: str, op: str = "TreeEnsemble") -> onnx.AttributeProto:
    return next(each for each in node(model, op).attribute if each.name == name)


def refusal(content: bytes) -> str:
    with pytest.raises(UserError) as caught:
        checked_model(content, "model.onnx")
    assert str(caught.value).startswith("model.onnx: damaged, or no model that mlfw wrote: ")
    return caught.value.problem
