"""A model that was changed is refused by what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from .small_forest import attribute, changed, node, refusal


def set_ints(name: str, values: list[int]) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        ints = attribute(model, name).ints
        for at, value in enumerate(values):
            ints[at] = value

    return change


def loop_below_the_root(model: onnx.ModelProto) -> None:
    """Let two nodes below the root be each other's child."""
    leafs, children = (attribute(model, f"nodes_true{what}").ints for what in ("leafs", "nodeids"))
    first = children[0]
    assert not leafs[0]
    leafs[first], children[first] = 0, first


def trees_as_a_cycle(model: onnx.ModelProto) -> None:
    """Exchange a child with a root, so that each node is still used once."""
    roots = attribute(model, "tree_roots").ints
    children = attribute(model, "nodes_truenodeids").ints
    assert not attribute(model, "nodes_trueleafs").ints[0]
    roots[0], children[0] = children[0], roots[0]


def set_tensor(name: str, array: np.ndarray) -> Callable[[onnx.ModelProto], None]:
    return lambda model: attribute(model, name).t.CopyFrom(numpy_helper.from_array(array))


def zeros(count: int) -> np.ndarray:
    """Return zeros of the type of the forest's splits and weights."""
    return np.zeros(count, np.float32)


def add_node(op: str, domain: str = "", **attributes: Any) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        made = helper.make_node(op, ["size"], ["unused"], domain=domain, **attributes)
        model.graph.node.append(made)

    return change


def external(model: onnx.ModelProto) -> None:
    constant = model.graph.initializer[0]
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="/etc/passwd")


def note(key: str, value: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        (found,) = (each for each in model.metadata_props if each.key == key)
        found.value = value

    return change


def huge_constant(model: onnx.ModelProto) -> None:
    model.graph.initializer.add(name="huge", data_type=TensorProto.DOUBLE, dims=[10**12])


HOSTILE: dict[str, tuple[Callable[[onnx.ModelProto], object], str]] = {
    "a feature out of range": (set_ints("nodes_featureids", [10**9]), "a feature is out of range"),
    "a negative feature": (set_ints("nodes_featureids", [-1]), "a feature is out of range"),
    "a child out of range": (set_ints("nodes_truenodeids", [10**6]), "a node is out of range"),
    "a root out of range": (set_ints("tree_roots", [10**6]), "a root is out of range"),
    "a root twice": (set_ints("tree_roots", [0, 0]), "its nodes are no trees"),
    "a leaf's target": (set_ints("leaf_targetids", [99]), "a leaf's target is out of range"),
    "a flag of 2": (set_ints("nodes_falseleafs", [2]), "a flag is out of range"),
    "a node below itself": (loop_below_the_root, "its nodes are no trees"),
    "a cycle": (trees_as_a_cycle, "its nodes are no trees: some form a loop"),
    "few splits": (set_tensor("nodes_splits", zeros(3)), "lists of nodes differ in length"),
    "few leaves": (set_tensor("leaf_weights", zeros(3)), "lists of leaves differ in length"),
    "types that differ": (
        set_tensor("leaf_weights", np.zeros(3)),
        "its splits and weights differ in type",
    ),
    "no leaf": (lambda m: attribute(m, "leaf_targetids").ints.pop(), "lists of leaves differ"),
    "targets": (lambda m: setattr(attribute(m, "n_targets"), "i", 10**12), "memory"),
    "membership": (
        lambda m: node(m, "TreeEnsemble").attribute.append(helper.make_attribute("membership", 1)),
        "attribute 'membership' is not allowed",
    ),
    "categories": (
        lambda m: attribute(m, "keys_strings", "LabelEncoder").strings.pop(),
        "LabelEncoder 'mlfw/1': its lists differ in length",
    ),
    "an operator": (add_node("RandomNormalLike"), "RandomNormalLike 'unused': this operator is"),
    "a custom operator": (
        add_node("Inverse", "com.microsoft"),
        "this operator of com.microsoft is not allowed",
    ),
    "a domain": (
        lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)),
        "uses operators of 'com.microsoft'",
    ),
    "an operator set": (
        lambda m: setattr(m.opset_import[0], "version", 99),
        "uses version 99 of the operators of 'ai.onnx'",
    ),
    "a format": (lambda m: setattr(m, "ir_version", 99), "has format 99, expected at most 10"),
    "external data": (external, "TensorProto: field 13 is damaged or not allowed"),
    "sparse constants": (
        lambda m: m.graph.sparse_initializer.add(),
        "GraphProto: field 15 is damaged or not allowed",
    ),
    "functions": (lambda m: m.functions.add(), "ModelProto: field 25 is damaged or not allowed"),
    "training": (lambda m: m.training_info.add(), "ModelProto: field 20 is damaged"),
    "a huge constant": (huge_constant, "constant 'huge' has another size than it says"),
    "an input twice": (
        lambda m: m.graph.input.append(m.graph.input[0]),
        "'size' is there twice",
    ),
    "an output that nothing computes": (
        lambda m: setattr(m.graph.output[0], "name", "other"),
        "there is no 'other'",
    ),
    "an output of another shape": (
        lambda m: setattr(m.graph.output[1].type.tensor_type.shape.dim[1], "dim_value", 4),
        "output 'probabilities' has another shape than it says",
    ),
    "two lengths that vary": (
        lambda m: m.graph.output[1].type.tensor_type.shape.dim[1].Clear(),
        "'probabilities' has more than one length that varies",
    ),
    "no metadata": (lambda m: m.ClearField("metadata_props"), "'mlfw.inputs' are missing or no"),
    "nested metadata": (note("mlfw.inputs", "[" * 10**5), "'mlfw.inputs' are missing or no JSON"),
    "much metadata": (note("mlfw.inputs", "[" + "[]," * 10**6), "'mlfw.inputs' are too large"),
    "other inputs": (note("mlfw.inputs", '[{"name": "size"}]'), "name other inputs"),
    "other targets": (note("mlfw.targets", "[{}]"), "do not describe a target"),
    "other classes": (
        lambda m: note(
            "mlfw.targets",
            m.metadata_props[1].value.replace('"c"', '"c","d"'),
        )(m),
        "output 'probabilities' is not what the metadata say",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_model_that_was_changed_is_refused_by_what_is_wrong_with_it(name: str) -> None:
    change, message = HOSTILE[name]

    assert message in refusal(changed(change))


def test_deep_trees_which_would_crash_are_refused() -> None:
    def change(model: onnx.ModelProto) -> None:
        count = 100_000
        last = [0] * (count - 1) + [1]
        lists = {
            "tree_roots": [0],
            "nodes_featureids": [0] * count,
            "nodes_truenodeids": [*range(1, count), 0],
            "nodes_trueleafs": last,
            "nodes_falsenodeids": [0] * count,
            "nodes_falseleafs": [1] * count,
        }
        for name, values in lists.items():
            del attribute(model, name).ints[:]
            attribute(model, name).ints.extend(values)
        set_tensor("nodes_splits", zeros(count))(model)
        set_tensor("nodes_modes", np.zeros(count, np.uint8))(model)

    assert "a tree is deeper than 2,000 nodes" in refusal(changed(change))
