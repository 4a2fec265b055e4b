"""Files with other bytes than mlfw wrote are loaded or refused, and nothing else happens."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from mlfw import UserError
from mlfw_onnx.operators import OPERATORS
from mlfw_onnx.session import checked_model
from mlfw_onnx.wire import DamagedError, read_model

from .small_forest import CONTENT, ROWS, refusal


@settings(max_examples=60, deadline=None)
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
        if list(model.inputs) == list(ROWS):
            model.run(ROWS)
    except UserError as error:
        problem = error.problem
    else:
        return
    assert problem.startswith("model.onnx: damaged, or no model that mlfw wrote")


@settings(max_examples=50, deadline=None)
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


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=200))
def test_lists_of_integers_are_read_as_they_were_written(values: list[int]) -> None:
    made = helper.make_model(helper.make_graph([], "g", [], []))
    made.graph.node.append(helper.make_node("Add", [], []))
    made.graph.node[0].attribute.append(
        onnx.AttributeProto(name="a", type=onnx.AttributeProto.INTS, ints=values)
    )
    (found,) = read_model(made.SerializeToString())["graph"]["node"][0].read()["attribute"]

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
