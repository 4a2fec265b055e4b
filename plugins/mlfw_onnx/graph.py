"""Building an ONNX graph node by node, with tensors that compute like arrays.

Everything is written with `onnx.helper` alone, which loads in a third of the time that the larger
builders take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.hints import install
from mlfw_onnx.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np
    import onnx

OPSET, ML_OPSET, IR_VERSION = 18, 5, 10
ML = "ai.onnx.ml"
SHARED = 64  # constants of at most so many elements are stored once


@dataclass
class Graph:
    """An ONNX graph under construction.

    Nodes are added by `op` and by the operators of tensors, in the order of execution. Add inputs
    first: they may have any name, and generated names avoid theirs.

    Raises:
        UserError: The package `onnx` is not installed.
    """

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    _shared: dict[Any, Tensor] = field(default_factory=dict)
    names: Iterator[str] = field(default_factory=lambda: map("mlfw/{}".format, count(1)))

    def __post_init__(self) -> None:
        """Check that `onnx` is installed."""
        if find_spec("onnx") is None:
            raise UserError(
                "onnx: the package 'onnx' is not installed.", f"Type: {install('mlfw[onnx]')}"
            )

    def input(self, name: str, dtype: Any, shape: Sequence[str | int | None]) -> Tensor:
        """Add an input.

        Args:
            name: Its name.
            dtype: Its element type; `object` for strings.
            shape: Its dimensions: a number, or a name or None for a variable length.

        Raises:
            ValueError: The name is taken.
        """
        import numpy as np
        from onnx.helper import make_tensor_value_info, np_dtype_to_tensor_dtype

        self._take(name)
        kind = np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.inputs.append(make_tensor_value_info(name, kind, list(shape)))
        return Tensor(self, name, np.dtype(dtype))

    def output(self, tensor: Tensor, name: str, shape: Sequence[str | int | None]) -> None:
        """Add an output.

        Args:
            tensor: Its value.
            name: See `input`.
            shape: See `input`.
        """
        from onnx.helper import make_tensor_value_info, np_dtype_to_tensor_dtype

        self.op("Identity", tensor, names=[name])
        kind = np_dtype_to_tensor_dtype(tensor.dtype)
        self.outputs.append(make_tensor_value_info(name, kind, shape))

    def constant(self, values: Any, dtype: Any = None) -> Tensor:
        """Return an array, or a single number, that is part of the graph.

        Args:
            values: What `numpy.asarray` takes; texts as an array of objects.
            dtype: The element type; left out, that of the values.
        """
        import numpy as np
        from onnx.numpy_helper import from_array

        array = np.asarray(values, dtype=dtype)
        if array.dtype.kind in "US":
            array = array.astype(object)
        key = None
        if array.size <= SHARED and array.dtype != object:
            key = (array.dtype.str, array.shape, array.tobytes())
            if key in self._shared:
                return self._shared[key]
        made = Tensor(self, self._name(), array.dtype)
        whole = np.ascontiguousarray(array).reshape(array.shape)
        self.constants.append(from_array(whole, made.name))
        if key is not None:
            self._shared[key] = made
        return made

    def integers(self, values: Sequence[int]) -> Tensor:
        """Return a constant of int64 [values], such as a shape or axes."""
        return self.constant(list(values), "int64")

    def op(
        self,
        op: str,
        *inputs: Tensor,
        dtype: Any = None,
        domain: str = "",
        names: Sequence[str] = (),
        **attributes: Any,
    ) -> Tensor:
        """Add a node and return its first output.

        Args:
            op: The operator, such as `MatMul`.
            inputs: Its inputs.
            dtype: The output's element type; left out, that of the first input.
            domain: The operator's domain; empty for the standard one.
            names: Names of the outputs; left out, one output with a generated name.
            attributes: The node's attributes; pass many integers as an array, which is faster.
        """
        import numpy as np
        from onnx.helper import make_node

        for name in names:
            self._take(name)
        made = list(names) or [self._name()]
        sources = [tensor.name for tensor in inputs]
        arrays = {k: v for k, v in attributes.items() if isinstance(v, np.ndarray)}
        few = {k: v for k, v in attributes.items() if k not in arrays}
        node = make_node(op, sources, made, domain=domain, **few)
        for attribute, array in arrays.items():
            _add_integers(node, attribute, array)
        self.nodes.append(node)
        return Tensor(self, made[0], np.dtype(dtype) if dtype is not None else inputs[0].dtype)

    def loop(
        self,
        count: int,
        start: Tensor,
        step: Callable[[Tensor, Tensor], Tensor],
        shape: Sequence[int | None],
    ) -> Tensor:
        """Add a loop, which needs only the memory of a single step.

        Args:
            count: The number of steps.
            start: The initial state.
            step: Called once, with the number of the step, int64 [], and the state; returns the
                next state, of the same type and shape. It must use other tensors through
                `Tensor.within`.
            shape: Dimensions of the state; None for a variable length.
        """
        from onnx.helper import make_graph

        body = Graph(taken=self.taken, names=self.names)
        number = body.input(body.unused_name(), "int64", [])
        going = body.input(body.unused_name(), bool, [])
        state = body.input(body.unused_name(), start.dtype, shape)
        made = step(number, state)
        body.output(going, body.unused_name(), [])
        body.output(made, body.unused_name(), shape)
        inner = make_graph(body.nodes, "step", body.inputs, body.outputs, body.constants)
        times, always = self.constant(count, "int64"), self.constant(True)
        return self.op("Loop", times, always, start, dtype=start.dtype, body=inner)

    def inline(self, model: onnx.ModelProto, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Add all nodes of another model, and return its outputs.

        Args:
            model: A model of the same operator sets, without functions of its own.
            inputs: The values of its inputs, in order.
        """
        from onnx.compose import add_prefix_graph
        from onnx.helper import tensor_dtype_to_np_dtype

        prefix = f"{self._name()}/"
        inner = add_prefix_graph(model.graph, prefix)
        for info, tensor in zip(inner.input, inputs, strict=True):
            self.op("Identity", tensor, names=[info.name])
        for node in inner.node:
            del node.metadata_props[:]  # stack traces, which name folders of this machine
        self.nodes.extend(inner.node)
        self.constants.extend(inner.initializer)
        self.taken.update(name for node in inner.node for name in node.output)
        return [
            Tensor(self, info.name, tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))
            for info in inner.output
        ]

    def model(self, name: str, notes: dict[str, str] | None = None) -> onnx.ModelProto:
        """Return the graph as a model.

        Args:
            name: The graph's name.
            notes: Metadata, by key.
        """
        from onnx import helper

        nodes, constants = self._needed()
        graph = helper.make_graph(nodes, name, self.inputs, self.outputs, constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        helper.set_model_props(model, notes or {})
        return model

    def unused_name(self) -> str:
        """Return a generated name that is not taken yet."""
        return next(name for name in self.names if name not in self.taken)

    def _needed(self) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        """Return the nodes and constants that the outputs depend on."""
        wanted = {output.name for output in self.outputs}
        nodes = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                nodes.append(node)
                wanted.update(_taken_by(node))
        return nodes[::-1], [each for each in self.constants if each.name in wanted]

    def _name(self) -> str:
        """Return a name that was not taken before."""
        name = self.unused_name()
        self.taken.add(name)
        return name

    def _take(self, name: str) -> None:
        if name in self.taken:
            raise ValueError(f"the graph has a '{name}' already")
        self.taken.add(name)


def _taken_by(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the inputs of a node, including those of a loop's steps."""
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _taken_by(inner)


def _add_integers(node: onnx.NodeProto, name: str, values: np.ndarray) -> None:
    """Add an attribute of many integers; `make_attribute` looks at each by itself."""
    from onnx import AttributeProto

    attribute = node.attribute.add(name=name, type=AttributeProto.INTS)
    attribute.ints.extend(values.tolist())
