"""A model that is damaged, or made to harm, is refused before ONNX Runtime can suffer from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import RandomForestClassifier

from mlfw import Column, Kind, Schema, Task, UserError
from mlfw_onnx import Graph, Tensor, arrays, prediction_model
from mlfw_onnx.graph import ML
from mlfw_onnx.operators import OPERATORS
from mlfw_onnx.session import checked_model
from mlfw_onnx.sizes import RULES
from mlfw_onnx.wire import DamagedError, read_model
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


def test_a_model_that_mlfw_wrote_is_loaded_and_says_what_it_takes() -> None:
    model = checked_model(CONTENT, "model.onnx")

    found = model.run(ROWS)

    assert found["probabilities"].shape == (3, 3)
    assert model.inputs["size"] == {"name": "size", "kind": "number", "usual": 1.0}
    assert model.targets[0].classes == CLASSES
    expected = ort.InferenceSession(CONTENT).run(["probabilities"], ROWS)[0]
    np.testing.assert_array_equal(found["probabilities"], expected)


def test_the_step_of_a_loop_is_checked_too() -> None:
    content = model_of(
        lambda x: x.graph.loop(9, x, lambda _, state: state * 2.0, [None, 2])
    ).SerializeToString()

    assert any(each.op_type == "Loop" for each in onnx.ModelProto.FromString(content).graph.node)
    assert checked_model(content, "model.onnx").run(ROWS, ["label"])["label"].shape == (3,)


def test_every_allowed_operator_has_a_rule_for_its_size() -> None:
    assert {op for ops in OPERATORS.values() for op in ops} == RULES.keys() | {"Loop"}


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
    "few splits": (set_tensor("nodes_splits", np.zeros(3)), "lists of nodes differ in length"),
    "few leaves": (set_tensor("leaf_weights", np.zeros(3)), "lists of leaves differ in length"),
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
        set_tensor("nodes_splits", np.zeros(count))(model)
        set_tensor("nodes_modes", np.zeros(count, np.uint8))(model)

    assert "a tree is deeper than 2,000 nodes" in refusal(changed(change))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(0, 255)), min_size=1, max_size=4
    )
)
def test_changed_bytes_load_or_are_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(CONTENT)
    for place, byte in changes:
        content[place] = byte
    _load_and_run(bytes(content))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(CONTENT) - 1), st.integers(0, 300), st.binary(max_size=20))
def test_cut_and_spliced_files_load_or_are_refused(at: int, left_out: int, put: bytes) -> None:
    _load_and_run(CONTENT[:at] + put + CONTENT[at + left_out :])


def _load_and_run(content: bytes) -> None:
    try:
        model = checked_model(content, "model.onnx")
        if [each.name for each in model.graph.inputs] == list(ROWS):
            model.run(ROWS)
    except UserError as error:
        problem = error.problem
    else:
        return
    assert problem.startswith("model.onnx: damaged, or no model that mlfw wrote")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_fields_of_other_values_load_or_are_refused(data: st.DataObject) -> None:
    model = onnx.ModelProto.FromString(CONTENT)
    found = data.draw(st.sampled_from(list(model.graph.node)))
    extreme = st.sampled_from([0, 1, -1, 2, 64, 10**6, 2**31, 2**62, -(2**63), 2**63 - 1])
    kind = data.draw(st.sampled_from(["input", "attribute", "constant", "remove", "op"]))
    if kind == "input" and found.input:
        names = [name for each in model.graph.node for name in each.output] + ["size", ""]
        place = data.draw(st.integers(0, len(found.input) - 1))
        found.input[place] = data.draw(st.sampled_from(names))
    elif kind == "attribute" and found.attribute:
        one = data.draw(st.sampled_from(list(found.attribute)))
        if one.ints:
            one.ints[data.draw(st.integers(0, len(one.ints) - 1))] = data.draw(extreme)
        one.i = data.draw(extreme)
    elif kind == "constant":
        constant = data.draw(st.sampled_from(list(model.graph.initializer)))
        if constant.data_type == TensorProto.INT64:
            count = len(constant.raw_data) // 8
            values = data.draw(st.lists(extreme, min_size=count, max_size=count))
            constant.raw_data = np.array(values, np.int64).tobytes()
    elif kind == "remove":
        model.graph.node.remove(found)
    else:
        found.op_type = data.draw(st.sampled_from(sorted(OPERATORS[""])))
        found.domain = ""
    _load_and_run(model.SerializeToString())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=200))
def test_lists_of_integers_are_read_as_they_were_written(values: list[int]) -> None:
    made = helper.make_model(helper.make_graph([], "g", [], []))
    made.graph.node.append(helper.make_node("Add", [], []))
    made.graph.node[0].attribute.append(
        onnx.AttributeProto(name="a", type=onnx.AttributeProto.INTS, ints=values)
    )
    (found,) = read_model(made.SerializeToString())["graph"]["node"][0]["attribute"]

    assert list(found.get("ints", [])) == values


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"PK\x03\x04", b'{"a": 1}', b"\x08", b"\x3a\xff\xff\xff\xff\x7f"],
)
def test_what_is_no_model_is_refused(content: bytes) -> None:
    refusal(content)


def test_many_empty_parts_are_refused_before_they_take_memory() -> None:
    empty_nodes = b"\x0a\x00" * 10**6
    graph = b"\x3a" + _varint(len(empty_nodes)) + empty_nodes

    with pytest.raises(DamagedError, match="has over 100,000 parts"):
        read_model(graph)


def _varint(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def test_a_file_is_read_from_disk_and_a_fifo_is_not(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    (tmp_path / "empty.onnx").touch()
    os.mkfifo(tmp_path / "fifo.onnx")

    assert checked_model(tmp_path / "model.onnx", "m").run(ROWS)["label"].shape == (3,)
    with pytest.raises(UserError, match="it is empty"):
        checked_model(tmp_path / "empty.onnx", "m")
    with pytest.raises(UserError, match="expected a file, found a FIFO"):
        checked_model(tmp_path / "fifo.onnx", "m")


def test_loading_imports_no_onnx_and_hostile_files_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "good.onnx").write_bytes(CONTENT)
    with (tmp_path / "sparse.onnx").open("wb") as file:
        file.truncate(2**31 - 1)
    bomb = model_of(BOMBS["a wide constant"]).SerializeToString()
    (tmp_path / "bomb.onnx").write_bytes(bomb)
    code = f"""
import json, pathlib, sys
from mlfw import UserError
from mlfw_onnx.session import checked_model
refused = 0
for path in sorted(pathlib.Path({str(tmp_path)!r}).glob("*.onnx")):
    try:
        checked_model(path, "m")
    except UserError:
        refused += 1
status = pathlib.Path("/proc/self/status").read_text()
memory = int(status.partition("VmHWM:")[2].split()[0]) * 1024
heavy = [name for name in ("onnx", "torch", "sklearn") if name in sys.modules]
print(json.dumps([refused, memory, heavy]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    refused, memory, loaded = json.loads(done.stdout)
    assert (refused, loaded) == (2, [])
    assert memory < 200_000_000
