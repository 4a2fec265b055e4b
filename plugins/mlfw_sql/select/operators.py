"""The operators of ONNX on arrays of SQL expressions.

An array has a single row, [1, ...]. It holds expressions and values side by side, or values alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw_sql.select import elements
from mlfw_sql.select.expressions import Expr, NoSqlError
from mlfw_sql.select.steps import Steps
from mlfw_sql.select.trees import Ensemble, total

if TYPE_CHECKING:
    pass

LAST = 2**31


@dataclass(frozen=True)
class Context:
    """What an operator needs beside its inputs.

    Attributes:
        steps: Where columns are added.
        attributes: The node's attributes.
        outputs: How many outputs the node has.
    """

    steps: Steps
    attributes: Mapping[str, Any]
    outputs: int


Operator = Callable[..., Sequence[Any]]
OPERATORS: dict[str, Operator] = {}


def operator(function: Operator) -> Operator:
    """Register an operator by its name in ONNX."""
    OPERATORS[function.__name__.strip("_")] = function
    return function


def as_columns(values: Any, steps: Steps, longer: int = 0) -> Any:
    """Make expressions columns, if their text has more than `longer` characters."""
    return _map(
        lambda each: (
            steps.column(each)
            if isinstance(each, Expr) and len(each.sql) > longer and each.type != "text"
            else each
        ),
        values,
    )


def _map(function: Callable[..., Any], *arrays: Any) -> Any:
    """Apply a function to each element of arrays, which are broadcast."""
    import numpy as np

    whole = np.broadcast_arrays(*arrays)
    made = np.empty(whole[0].shape, object)
    for place in np.ndindex(made.shape):
        made[place] = function(*(each[place] for each in whole))
    return made


def settled(values: Any) -> Any:
    """Return an array with its values' own type, if it holds no expression."""
    import numpy as np

    if values.dtype != object or not values.size or not _is_constant(values):
        return values
    made = np.asarray(values.tolist())
    return values if made.dtype.kind == "U" else made


def _is_constant(*arrays: Any) -> bool:
    return not any(
        isinstance(each, Expr)
        for array in arrays
        if array.dtype == object
        for each in array.ravel()
    )


def _elementwise(name: str, on_values: str, on_expressions: elements.Element) -> None:
    """Register an operator that works element by element.

    Args:
        name: Its name in ONNX.
        on_values: The function of NumPy that does the same.
        on_expressions: A function of `Steps` and the elements.
    """

    def run(context: Context, *arrays: Any) -> Sequence[Any]:
        import numpy as np

        if _is_constant(*arrays):
            return [np.asarray(getattr(np, on_values)(*arrays))]
        size = max(each.size for each in arrays)
        arrays = tuple(
            as_columns(each, context.steps) if each.dtype == object and each.size < size else each
            for each in arrays
        )
        function = getattr(np, on_values)

        def one(*each: Any) -> Any:
            if any(isinstance(value, Expr) for value in each):
                return on_expressions(context.steps, *each)
            return function(*each)

        return [_map(one, *arrays)]

    OPERATORS[name] = run


for _name, (_values, _expressions) in elements.ELEMENTWISE.items():
    _elementwise(_name, _values, _expressions)


@operator
def Identity(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, ARG001, D103
    return [x]


@operator
def Cast(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    from onnx.helper import tensor_dtype_to_np_dtype

    wanted = tensor_dtype_to_np_dtype(context.attributes["to"])
    if _is_constant(x):
        return [x.astype(wanted)]
    return [_map(lambda each: elements.cast(each, wanted), x)]


@operator
def Shape(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    start, end = context.attributes.get("start", 0), context.attributes.get("end", LAST)
    return [np.asarray(x.shape[start:end], np.int64)]


@operator
def ConstantOfShape(context: Context, shape: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    value = context.attributes.get("value", np.zeros(1, np.float32))
    return [np.full(tuple(shape.tolist()), value[0])]


@operator
def Expand(context: Context, x: Any, shape: Any) -> Sequence[Any]:  # noqa: N802, ARG001, D103
    import numpy as np

    return [np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape.tolist())))]


@operator
def Concat(context: Context, *arrays: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    return [np.concatenate(arrays, axis=context.attributes["axis"])]


@operator
def Split(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    return np.split(x, context.outputs, axis=context.attributes.get("axis", 0))


@operator
def Reshape(context: Context, x: Any, shape: Any) -> Sequence[Any]:  # noqa: N802, ARG001, D103
    sizes = [x.shape[place] if size == 0 else size for place, size in enumerate(shape.tolist())]
    return [x.reshape(sizes)]


@operator
def Unsqueeze(context: Context, x: Any, axes: Any) -> Sequence[Any]:  # noqa: N802, ARG001, D103
    import numpy as np

    return [np.expand_dims(x, tuple(axes.tolist()))]


@operator
def Transpose(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    return [x.transpose(context.attributes["perm"])]


@operator
def Slice(  # noqa: N802, D103
    context: Context,  # noqa: ARG001
    x: Any,
    starts: Any,
    ends: Any,
    axes: Any,
    steps: Any,
) -> Sequence[Any]:
    parts = [slice(None)] * x.ndim
    for start, end, axis, step in zip(
        *(e.tolist() for e in (starts, ends, axes, steps)), strict=True
    ):
        parts[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return [x[tuple(parts)]]


@operator
def Pad(context: Context, x: Any, pads: Any) -> Sequence[Any]:  # noqa: N802, ARG001, D103
    import numpy as np

    sizes = pads.reshape(2, -1).T.tolist()
    return [np.pad(x, sizes, constant_values=0.0)]


@operator
def Gather(context: Context, x: Any, indices: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    axis = context.attributes.get("axis", 0)
    if _is_constant(indices):
        return [np.take(x, indices.astype(np.int64), axis=axis)]
    if axis or not _is_constant(x):
        raise NoSqlError("choosing among computed values")
    indices = as_columns(indices, context.steps)
    made = np.empty((*indices.shape, *x.shape[1:]), object)
    for place in np.ndindex(made.shape):
        index, rest = indices[place[: indices.ndim]], place[indices.ndim :]
        made[place] = elements.looked_up(index, x[(slice(None), *rest)])
    return [made]


@operator
def ReduceSum(context: Context, x: Any, axes: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    keep = bool(context.attributes.get("keepdims", 1))
    axis = tuple(axes.tolist())
    if _is_constant(x):
        return [np.sum(x, axis=axis, keepdims=keep)]
    (axis,) = axis
    last = np.moveaxis(x, axis, -1)
    made = np.empty(last.shape[:-1], object)
    for place in np.ndindex(made.shape):
        made[place] = total(iter(last[place]), context.steps)
    return [np.expand_dims(made, axis) if keep else made]


@operator
def ReduceSumSquare(context: Context, x: Any, axes: Any) -> Sequence[Any]:  # noqa: N802, D103
    squared = OPERATORS["Mul"](context, x, x)[0]
    return ReduceSum(context, squared, axes)


@operator
def MatMul(context: Context, x: Any, weights: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    if _is_constant(x, weights):
        return [x @ weights]
    if not _is_constant(weights) or x.ndim != 2 or weights.ndim != 2:
        raise NoSqlError("products of computed values")
    x = as_columns(x, context.steps)
    made = np.empty((1, weights.shape[1]), object)
    for place in range(weights.shape[1]):
        terms = elements.weighted(x[0], weights[:, place])
        made[0, place] = total(terms, context.steps)
    return [made]


@operator
def ArgMax(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    if _is_constant(x):
        return [np.argmax(x, axis=context.attributes["axis"])]
    if x.ndim != 2 or context.attributes["axis"] not in (1, -1):
        raise NoSqlError("the largest of several rows")
    made = np.empty(1, object)
    made[0] = elements.first_of(as_columns(x, context.steps)[0], context.steps)
    return [made]


@operator
def Softmax(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    if x.ndim != 2:
        raise NoSqlError("a softmax of several rows")
    x = as_columns(x, context.steps)
    most = np.empty((1, 1), object)
    most[0, 0] = elements.largest(list(x[0]), context.steps)
    (less,) = OPERATORS["Sub"](context, x, most)
    powers = as_columns(OPERATORS["Exp"](context, less)[0], context.steps)
    sums = np.empty((1, 1), object)
    sums[0, 0] = total(iter(powers[0]), context.steps)
    return OPERATORS["Div"](context, powers, sums)


@operator
def LabelEncoder(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    keys = context.attributes.get("keys_strings")
    codes = context.attributes.get("values_int64s")
    if keys is None or codes is None:
        raise NoSqlError("an encoder of other things than texts")
    default = context.attributes.get("default_int64", -1)
    made = _map(lambda each: elements.code_of(each, keys, codes, default), x)
    return [as_columns(made, context.steps)]


@operator
def TreeEnsemble(context: Context, x: Any) -> Sequence[Any]:  # noqa: N802, D103
    import numpy as np

    ensemble = Ensemble.of(context.attributes)
    made = np.empty((1, ensemble.count), object)
    made[0] = ensemble.sums(as_columns(x, context.steps)[0], context.steps)
    return [made]
