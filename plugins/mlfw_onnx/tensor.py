"""Tensors of an ONNX graph under construction, with the operators of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx.graph import Graph

Number = bool | int | float
LAST = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of a graph under construction, with the operators of an array.

    Attributes:
        graph: The graph it belongs to.
        name: Its name there.
        dtype: Its element type; `object` for strings.
    """

    graph: Graph
    name: str
    dtype: np.dtype[Any]

    def cast(self, dtype: Any) -> Tensor:
        """Return the same values as another type."""
        import numpy as np
        from onnx.helper import np_dtype_to_tensor_dtype

        wanted = np.dtype(dtype)
        if wanted == self.dtype:
            return self
        return self.graph.op("Cast", self, to=np_dtype_to_tensor_dtype(wanted), dtype=wanted)

    def reshape(self, *shape: int) -> Tensor:
        """Return the same values in another shape; 0 keeps a dimension, -1 is inferred."""
        return self.graph.op("Reshape", self, self.graph.integers(shape))

    def within(self, graph: Graph) -> Tensor:
        """Return the same value for use in the graph of a loop's step."""
        return Tensor(graph, self.name, self.dtype)

    @property
    def shape(self) -> tuple[int]:
        """The number of rows, as `reshape` takes it: 0, which keeps it."""
        return (0,)

    def __getitem__(self, index: Any) -> Tensor:
        """Return part of it, as NumPy does.

        Args:
            index: A whole number, a slice, None, a list of whole numbers or an int64 tensor; or a
                tuple of these of which at most one is a list or a tensor.
        """
        graph = self.graph
        result, axis, place, added = self, 0, 0, []
        for part in index if isinstance(index, tuple) else (index,):
            if part is None:
                added.append(place)
            elif isinstance(part, slice):
                result = _sliced(result, axis, part)
                axis += 1
            elif isinstance(part, int):
                result = graph.op("Gather", result, graph.constant(part, "int64"), axis=axis)
                continue
            else:
                places = part if isinstance(part, Tensor) else graph.integers(part)
                result = graph.op("Gather", result, places, axis=axis)
                axis += 1
            place += 1
        return graph.op("Unsqueeze", result, graph.integers(added)) if added else result

    def __add__(self, other: Tensor | Number) -> Tensor:
        return self._with("Add", other)

    def __radd__(self, other: Number) -> Tensor:
        return self._with("Add", other, reverse=True)

    def __sub__(self, other: Tensor | Number) -> Tensor:
        return self._with("Sub", other)

    def __rsub__(self, other: Number) -> Tensor:
        return self._with("Sub", other, reverse=True)

    def __mul__(self, other: Tensor | Number) -> Tensor:
        return self._with("Mul", other)

    def __rmul__(self, other: Number) -> Tensor:
        return self._with("Mul", other, reverse=True)

    def __truediv__(self, other: Tensor | Number) -> Tensor:
        return self._with("Div", other)

    def __rtruediv__(self, other: Number) -> Tensor:
        return self._with("Div", other, reverse=True)

    def __pow__(self, other: Tensor | Number) -> Tensor:
        return self._with("Pow", other)

    def __matmul__(self, other: Tensor) -> Tensor:
        return self._with("MatMul", other)

    def __neg__(self) -> Tensor:
        return self.graph.op("Neg", self)

    def __invert__(self) -> Tensor:
        return self.graph.op("Not", self)

    def __lt__(self, other: Tensor | Number) -> Tensor:
        return self._with("Less", other, dtype=bool)

    def __le__(self, other: Tensor | Number) -> Tensor:
        return self._with("LessOrEqual", other, dtype=bool)

    def __gt__(self, other: Tensor | Number) -> Tensor:
        return self._with("Greater", other, dtype=bool)

    def __ge__(self, other: Tensor | Number) -> Tensor:
        return self._with("GreaterOrEqual", other, dtype=bool)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._with("Equal", other, dtype=bool)

    def __and__(self, other: Tensor) -> Tensor:
        return self._with("And", other)

    def __or__(self, other: Tensor) -> Tensor:
        return self._with("Or", other)

    def _with(self, op: str, other: Any, *, dtype: Any = None, reverse: bool = False) -> Tensor:
        pair = promoted(self.graph, self, other)
        return self.graph.op(op, *(reversed(pair) if reverse else pair), dtype=dtype)


def promoted(graph: Graph, *values: Tensor | Number) -> list[Tensor]:
    """Return values as tensors of a common type, by NumPy's promotion rules.

    Args:
        graph: The graph they belong to.
        values: Tensors, or Python numbers, which take the tensors' type if it can hold them.
    """
    import numpy as np

    dtypes = [value.dtype for value in values if isinstance(value, Tensor)]
    for value in values:
        if isinstance(value, float) and all(dtype.kind in "biu" for dtype in dtypes):
            dtypes.append(np.dtype("float64"))
    wanted = np.result_type(*dtypes)
    return [
        value.cast(wanted) if isinstance(value, Tensor) else graph.constant(value, wanted)
        for value in values
    ]


def _sliced(tensor: Tensor, axis: int, part: slice) -> Tensor:
    if part == slice(None):
        return tensor
    graph, step = tensor.graph, part.step or 1
    start = part.start if part.start is not None else (0 if step > 0 else LAST)
    stop = part.stop if part.stop is not None else (LAST if step > 0 else -LAST)
    bounds = [graph.integers([number]) for number in (start, stop, axis, step)]
    return graph.op("Slice", tensor, *bounds)
