"""A model's ONNX graph, run on one row of SQL expressions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw import Schema
from mlfw_sql.select.expressions import NoSqlError
from mlfw_sql.select.inputs import read
from mlfw_sql.select.operators import OPERATORS, Context, as_columns, settled
from mlfw_sql.select.steps import Steps
from mlfw_sql.select.trees import Ensemble, shares

if TYPE_CHECKING:
    import numpy as np
    import onnx

SUMS = ("ReduceSum", "ScatterElements", "Loop")  # what sums the shares of classes in leaves
REPEATED = 16  # an expression longer than this becomes a column if it is used again
LEAVES_AT_ONCE = 4096


@dataclass
class Run:
    """The run of a graph.

    Attributes:
        model: The model.
        schema: Its schema.
        steps: What was computed so far.
    """

    model: onnx.ModelProto
    schema: Schema
    steps: Steps = field(default_factory=Steps)

    def outputs(self) -> dict[str, np.ndarray]:
        """Return the graph's outputs by name: expressions and values, [1, ...].

        Raises:
            NoSqlError: A part of the graph has no form in SQL.
        """
        import numpy as np
        from onnx.numpy_helper import to_array

        graph = self.model.graph
        uses = Counter(name for node in graph.node for name in node.input)
        made: dict[str, Any] = {each.name: to_array(each) for each in graph.initializer}
        for info in graph.input:
            if uses[info.name]:
                value = np.empty(1, object)
                value[0] = read(self.schema.column(info.name), self.steps)
                made[info.name] = value
        for node in graph.node:
            if node.output[0] in made or any(name not in made for name in node.input if name):
                continue  # a step within what `_shares` has computed
            inputs = [made[name] if name else None for name in node.input]
            if node.op_type == "TreeEnsemble" and self._gives_leaves(node):
                made |= self._shares(node, made)
                continue
            for name, value in zip(node.output, self._run(node, inputs), strict=True):
                made[name] = self._kept(settled(value), uses[name])
        missing = [each.name for each in graph.output if each.name not in made]
        if missing:
            raise NoSqlError(f"what leads to '{missing[0]}'")
        return {each.name: made[each.name] for each in graph.output}

    def _run(self, node: onnx.NodeProto, inputs: list[Any]) -> Sequence[Any]:
        operator = OPERATORS.get(node.op_type)
        if operator is None or node.domain not in ("", "ai.onnx.ml"):
            raise NoSqlError(f"the operator {node.op_type}")
        return operator(Context(self.steps, _attributes(node), len(node.output)), *inputs)

    def _kept(self, value: Any, uses: int) -> Any:
        """Make expressions that are used several times columns."""
        if uses < 2 or value.dtype != object:
            return value
        return as_columns(value, self.steps, longer=REPEATED)

    def _gives_leaves(self, node: onnx.NodeProto) -> bool:
        """Return whether what a tree gives is the number of a leaf, which shares belong to."""
        from onnx import TensorProto

        users = [each for each in self.model.graph.node if node.output[0] in each.input]
        return len(users) == 1 and (
            users[0].op_type == "Cast" and _attributes(users[0])["to"] == TensorProto.INT64
        )

    def _shares(self, node: onnx.NodeProto, made: Mapping[str, Any]) -> dict[str, Any]:
        """Return what sums the shares of classes in leaves.

        Every tree's leaves refer to the same shares. So those of a leaf are what the graph sums if
        every tree comes to that leaf, divided by the number of trees.
        """
        import numpy as np

        ensemble = Ensemble.of(_attributes(node))
        begin = next(n.output[0] for n in self.model.graph.node if node.output[0] in n.input)
        last = self._sum_after(begin)
        end = last.output[0]
        before = last.input[0] if last.op_type == "ScatterElements" else ""
        before = before if before in made else ""  # the sum over other trees, to add to
        session = _part(self.model, begin, end, before)
        trees = len(ensemble.roots)
        numbers, which = np.unique(ensemble.weights.astype(np.int64), return_inverse=True)
        parts = []
        for start in range(0, len(numbers), LEAVES_AT_ONCE):
            some = np.repeat(numbers[start : start + LEAVES_AT_ONCE, None], trees, axis=1)
            feeds: dict[str, np.ndarray] = {begin: some}
            if before:
                feeds[before] = np.zeros((len(some), made[before].shape[1]))
            parts.append(session.run([end], feeds)[0] / trees)
        held = np.concatenate(parts)[which.reshape(-1)]
        sums = np.empty((1, held.shape[1]), object)
        sums[0] = shares(ensemble, held, as_columns(made[node.input[0]], self.steps)[0], self.steps)
        if before:
            (sums,) = OPERATORS["Add"](Context(self.steps, {}, 1), made[before], sums)
        return {end: sums}

    def _sum_after(self, begin: str) -> onnx.NodeProto:
        """Return the sum that depends on a tensor."""
        node: onnx.NodeProto
        reached = {begin}
        for node in self.model.graph.node:
            if reached.intersection(_taken_by(node)):
                if node.op_type in SUMS:
                    return node
                reached.update(node.output)
        raise NoSqlError("numbers of leaves that nothing sums")


def _part(model: onnx.ModelProto, begin: str, end: str, before: str) -> Any:
    """Return an inference session for a part of a model.

    Args:
        model: The model.
        begin: The numbers of leaves, int64 [rows, trees].
        end: The sum of their shares, float64 [rows, classes].
        before: A sum that is added to; empty for none.
    """
    from onnx import TensorProto, helper

    from mlfw_onnx import new_session

    needed, nodes = {end}, []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output) and not {begin, before}.intersection(node.output):
            nodes.append(node)
            needed.update(_taken_by(node))
    inputs = [helper.make_tensor_value_info(begin, TensorProto.INT64, ["rows", "trees"])]
    if before:
        inputs.append(helper.make_tensor_value_info(before, TensorProto.DOUBLE, None))
    graph = helper.make_graph(
        nodes[::-1],
        "part",
        inputs,
        [helper.make_tensor_value_info(end, TensorProto.DOUBLE, None)],
        [each for each in model.graph.initializer if each.name in needed],
    )
    made = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return new_session(made.SerializeToString(), "sums of leaves")


def _taken_by(node: onnx.NodeProto) -> Iterator[str]:
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _taken_by(inner)


def _attributes(node: onnx.NodeProto) -> Mapping[str, Any]:
    """Return a node's attributes by name; tensors as arrays, texts as strings."""
    from onnx import AttributeProto, helper
    from onnx.numpy_helper import to_array

    made = {}
    for each in node.attribute:
        value = helper.get_attribute_value(each)
        if each.type == AttributeProto.TENSOR:
            value = to_array(value)
        elif each.type == AttributeProto.STRINGS:
            value = [text.decode() for text in value]
        made[each.name] = value
    return made
