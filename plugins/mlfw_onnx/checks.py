"""Checking a model in ONNX before ONNX Runtime loads it.

A saved model may be damaged, or made to harm. ONNX Runtime refuses most of what is wrong, but it
crashes for some trees, loops in others, and allocates whatever a file of a hundred bytes asks for.
Only what the models of mlfw contain is allowed: see `operators`, and `wire` for the format itself.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw_onnx.checked_trees import check_trees
from mlfw_onnx.graph import IR_VERSION, ML, ML_OPSET, OPSET
from mlfw_onnx.operators import (
    FLOAT,
    GRAPH,
    INT,
    INTS,
    OPERATORS,
    OPTIONAL,
    STRING,
    STRINGS,
    TENSOR,
)
from mlfw_onnx.sizes import BYTES_EACH, KNOWN, ROWS, RULES, Known, Size, Step, count
from mlfw_onnx.wire import DamagedError, Message, read_model

if TYPE_CHECKING:
    import numpy as np

OPSETS = {"": range(OPSET, OPSET + 1), ML: range(ML_OPSET, ML_OPSET + 1)}
# Tensor types by number: how numpy calls them. Strings are told apart.
TYPES = {
    1: "<f4",
    2: "u1",
    3: "i1",
    6: "<i4",
    7: "<i8",
    9: "?",
    10: "<f2",
    11: "<f8",
}
TEXT_TYPE = 8
WHOLE = ("i", "u", "b")
FIELDS = {
    FLOAT: "f",
    INT: "i",
    STRING: "s",
    TENSOR: "t",
    GRAPH: "g",
    INTS: "ints",
    STRINGS: "strings",
}
LISTS = (INTS, STRINGS)
STEPS = 100_000  # of a loop, at most
FIXED_BYTES, ROW_BYTES = 64 << 20, 1 << 30  # at most, in all tensors of a graph
FIXED_WORK, ROW_WORK = 10**9, 10**11  # multiplications


@dataclass(frozen=True)
class Tensor:
    """An input or output of a checked graph.

    Attributes:
        name: Its name.
        type: The number of its element type in ONNX.
        shape: Its lengths.
    """

    name: str
    type: int
    shape: tuple[Size, ...]


@dataclass(frozen=True)
class CheckedGraph:
    """What is known of a model that passed the checks.

    Attributes:
        inputs: Its inputs.
        outputs: Its outputs.
        notes: Its metadata.
        row_bytes: At most so many bytes do all tensors take for a row, together.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    notes: dict[str, str]
    row_bytes: int


def check_graph(content: bytes | mmap.mmap) -> CheckedGraph:
    """Check a model in ONNX without running it.

    Args:
        content: The file's content.

    Raises:
        DamagedError: It is damaged, or has parts that models of mlfw do not have.
    """
    model = read_model(content)
    _check_versions(model)
    graph = model.get("graph", {})
    walk = _Walk(len(content))
    inputs = tuple(_tensor(info) for info in graph.get("input", []))
    for each in inputs:
        walk.add(each.name, Known(each.shape))
    walk.graph(graph)
    outputs = []
    for each in map(_tensor, graph.get("output", [])):
        if walk.found(each.name).shape != each.shape:
            raise DamagedError(f"output '{each.name}' has another shape than it says")
        outputs.append(each)
    if not inputs or not outputs:
        raise DamagedError("has no inputs or no outputs")
    notes = {each.get("key", ""): each.get("value", "") for each in model.get("metadata_props", [])}
    if len(notes) != len(model.get("metadata_props", [])):
        raise DamagedError("has metadata twice")
    return CheckedGraph(inputs, tuple(outputs), notes, walk.bytes.each)


def _check_versions(model: Message) -> None:
    if not 0 < model.get("ir_version", 0) <= IR_VERSION:
        raise DamagedError(
            f"has format {model.get('ir_version', 0)}, expected at most {IR_VERSION}"
        )
    sets = model.get("opset_import", [])
    opsets = [(each.get("domain", ""), each.get("version", 0)) for each in sets]
    if len(dict(opsets)) != len(opsets) or "" not in dict(opsets):
        raise DamagedError("does not say which operators it uses")
    for domain, version in opsets:
        if domain not in OPSETS:
            raise DamagedError(f"uses operators of '{domain}'")
        if version not in OPSETS[domain]:
            raise DamagedError(
                f"uses version {version} of the operators of '{domain or 'ai.onnx'}'"
            )


def _tensor(info: Message) -> Tensor:
    name, kind = info.get("name", ""), info.get("type", {}).get("tensor_type", {})
    if not name or "shape" not in kind:
        raise DamagedError(f"'{name}' is no tensor of known shape")
    shape = []
    for at, length in enumerate(kind["shape"].get("dim", [])):
        if len(length) > 1:
            raise DamagedError(f"'{name}' has a length that is two")
        if "dim_value" in length:
            shape.append(Size(length["dim_value"]))
        elif at == 0:
            shape.append(ROWS)
        else:
            raise DamagedError(f"'{name}' has more than one length that varies")
        if shape[-1].fixed < 0:
            raise DamagedError(f"'{name}' has a length below 0")
    if kind.get("elem_type") not in (*TYPES, TEXT_TYPE):
        raise DamagedError(f"'{name}' is of an unknown type")
    return Tensor(name, kind["elem_type"], tuple(shape))


@dataclass
class _Walk:
    """Goes through the nodes of a graph and adds up what they take."""

    size: int
    known: dict[str, Known] = field(default_factory=dict)
    bytes: Size = field(default=Size(0))
    work: Size = field(default=Size(0))

    def add(self, name: str, known: Known) -> None:
        if name in self.known:
            raise DamagedError(f"'{name}' is there twice")
        self.known[name] = known

    def found(self, name: str) -> Known:
        if name not in self.known:
            raise DamagedError(f"there is no '{name}'")
        return self.known[name]

    def graph(self, graph: Message) -> None:
        """Go through the constants and the nodes."""
        for each in graph.get("initializer", []):
            self.add(each.get("name", ""), _constant(each))
        for each in graph.get("node", []):
            node = each.read()
            op = node.get("op_type", "")
            try:
                self._node(node, op)
            except DamagedError as error:
                raise DamagedError(f"{op} '{(node.get('output') or [''])[0]}': {error}") from None

    def _node(self, node: Message, op: str) -> None:
        domain = node.get("domain", "")
        allowed = OPERATORS.get(domain, {}).get(op)
        if allowed is None:
            raise DamagedError(f"this operator{domain and ' of '}{domain} is not allowed")
        attributes = _attributes(node, allowed)
        inputs = [self.found(name) if name else None for name in node.get("input", [])]
        outputs = node.get("output", [])
        if not outputs or not all(outputs):
            raise DamagedError("an output has no name")
        step = Step(op, inputs, attributes, len(outputs))
        if op == "TreeEnsemble":
            _check_tree_node(step)
        elif op == "LabelEncoder" and attributes["keys_strings"] != len(
            attributes["values_int64s"]
        ):
            raise DamagedError("its lists differ in length")
        made = self._loop(step) if op == "Loop" else RULES[op](step)
        if len(made) != len(outputs):
            raise DamagedError(f"has {len(outputs)} outputs, expected {len(made)}")
        for name, each in zip(outputs, made, strict=True):
            elements = count(each.shape)
            self.add(name, each)
            self.bytes = self.bytes + elements * BYTES_EACH
            self.work = self.work + elements
        self.work = self.work + step.work
        self.check()

    def check(self) -> None:
        if self.bytes.fixed > FIXED_BYTES + 8 * self.size or self.work.fixed > FIXED_WORK:
            raise DamagedError("needs far more memory, or time, than its size explains")
        if self.bytes.each > ROW_BYTES or self.work.each > ROW_WORK:
            raise DamagedError("needs too much memory, or time, for a row")

    def _loop(self, step: Step) -> list[Known]:
        steps, body = step.integers(0), step.attributes.get("body")
        if body is None or len(steps) != 1 or not 0 <= steps[0] <= STEPS:
            raise DamagedError(f"has more than {STEPS:,} steps, or no fixed number of them")
        states = [step.input(number) for number in range(2, len(step.inputs))]
        inner = _Walk(self.size, dict(self.known))
        given = [Known(()), Known(()), *(Known(state.shape) for state in states)]
        infos = body.get("input", [])
        if len(infos) != len(given):
            raise DamagedError("its step takes something else")
        for info, each in zip(infos, given, strict=True):
            inner.add(info.get("name", ""), each)
        inner.graph(body)
        made = [inner.found(info.get("name", "")) for info in body.get("output", [])]
        if [each.shape for each in made] != [each.shape for each in given[1:]]:
            raise DamagedError("its step returns something else")
        self.bytes = self.bytes + inner.bytes
        step.work = inner.work * steps[0]
        return [Known(state.shape) for state in states]


def _check_tree_node(step: Step) -> None:
    shape = step.input(0).shape
    if len(shape) != 2 or shape[1].each:
        raise DamagedError("its input has no fixed number of features")
    check_trees(step.attributes, shape[1].fixed)


def _attributes(node: Message, allowed: Mapping[str, int]) -> dict[str, Any]:
    """Return the attributes of a node, by name."""
    found: dict[str, Any] = {}
    for each in node.get("attribute", []):
        name, kind = each.get("name", ""), each.get("type", 0)
        if name in found or allowed.get(name) != kind:
            raise DamagedError(f"attribute '{name}' is not allowed")
        value = each.get(FIELDS[kind])
        if (value is None and kind not in LISTS) or len(each) > 2 + (value is not None):
            raise DamagedError(f"attribute '{name}' holds something else")
        if kind == INTS:
            value = _integers(value)
        elif kind == TENSOR:
            value = _constant(value) if node["op_type"] == "ConstantOfShape" else _array(value)
        elif kind == STRINGS:
            value = value or 0
        found[name] = value
    if node.get("domain") == ML and (missing := allowed.keys() - found.keys() - OPTIONAL):
        raise DamagedError(f"attribute '{min(missing)}' is missing")
    return found


def _integers(value: np.ndarray | None) -> np.ndarray:
    import numpy as np

    return np.zeros(0, np.int64) if value is None else value


def _lengths(tensor: Message) -> list[int]:
    lengths = [int(length) for length in tensor.get("dims", ())]
    if any(length < 0 for length in lengths):
        raise DamagedError(f"constant '{tensor.get('name', '')}' has a length below 0")
    return lengths


def _array(tensor: Message) -> np.ndarray:
    """Return a constant's numbers, in one dimension."""
    import numpy as np

    kind, size = TYPES.get(tensor.get("data_type", 0)), math.prod(_lengths(tensor))
    raw: memoryview | bytes = tensor.get("raw_data", b"")
    if kind is None or "string_data" in tensor or size * np.dtype(kind).itemsize != len(raw):
        raise DamagedError(f"constant '{tensor.get('name', '')}' has another size than it says")
    array: np.ndarray = np.frombuffer(raw, kind)
    return array


def _constant(tensor: Message) -> Known:
    import numpy as np

    lengths = _lengths(tensor)
    shape = tuple(map(Size, lengths))
    if tensor.get("data_type") == TEXT_TYPE:
        if tensor.get("string_data", 0) != math.prod(lengths) or "raw_data" in tensor:
            raise DamagedError(f"constant '{tensor.get('name', '')}' has another size than it says")
        return Known(shape)
    array = _array(tensor)
    if array.size > KNOWN or array.dtype.kind not in WHOLE:
        return Known(shape)
    values = np.empty(array.size, object)
    values[:] = [Size(int(value)) for value in array]
    return Known(shape, values.reshape(lengths))
