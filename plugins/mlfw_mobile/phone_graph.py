"""The form of a model in ONNX that phones can run.

ONNX Runtime for iOS has no tensors of doubles or booleans. So numbers go in as texts, which the
graph casts to doubles; probabilities and values come out as floats, booleans as int64. The same
file serves Android.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlfw import Predictor
from mlfw_onnx import CheckedModel, Comparison, with_labels

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pyarrow as pa

LEAST = 1e-300  # smaller numbers are written as 0: not every parser reads them
TOLERANCE = 1e-5


def phone_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose inputs and outputs have types that phones know.

    Args:
        model: A model as `prediction_model` makes it; it is left as it is.
    """
    import onnx
    from onnx import TensorProto, helper

    types = {TensorProto.DOUBLE: TensorProto.FLOAT, TensorProto.BOOL: TensorProto.INT64}
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    renamed, casts = {}, []
    taken = _names(graph)
    for info in graph.input:
        kind = info.type.tensor_type
        if kind.elem_type == TensorProto.DOUBLE:
            renamed[info.name] = _free(f"{info.name}/number", taken)
            casts.append(
                helper.make_node("Cast", [info.name], [renamed[info.name]], to=TensorProto.DOUBLE)
            )
            kind.elem_type = TensorProto.STRING
    after = []
    for info in graph.output:
        kind = info.type.tensor_type
        if kind.elem_type in types:
            kind.elem_type = types[kind.elem_type]
            renamed[info.name] = _free(f"{info.name}/wide", taken)
            after.append(
                helper.make_node("Cast", [renamed[info.name]], [info.name], to=kind.elem_type)
            )
    _rename(graph, renamed)
    nodes = [*casts, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    return made


def phone_feeds(predictor: Predictor, model: CheckedModel, rows: pa.Table) -> dict[str, np.ndarray]:
    """Return rows as the inputs of a `phone_model`, by name.

    Args:
        predictor: The model it was made from.
        model: The model for phones.
        rows: Rows that conform to the schema.
    """
    import numpy as np

    feeds = predictor.onnx_feeds(rows)
    texts = [each.name for each in model.session.get_inputs() if each.type == "tensor(string)"]
    for name in texts:
        if feeds[name].dtype.kind == "f":
            feeds[name] = np.asarray([written(each) for each in feeds[name].tolist()], object)
    return feeds


def written(number: float) -> str:
    """Return a number as the apps write it for the model."""
    if number - number != 0:
        return "NaN"
    return "0" if abs(number) < LEAST else repr(number)


class PhoneComparison(Comparison):
    """A comparison of a model for phones with the model it was made from.

    Args:
        predictor: The original model.
        model: The model for phones.
    """

    def __init__(self, predictor: Predictor, model: CheckedModel) -> None:
        super().__init__(predictor, model.targets, TOLERANCE, "mobile")
        self.model = model

    def run(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return probabilities and values, and labels as an app computes them."""
        import numpy as np

        names = [each.probabilities or each.prediction for each in self.outputs]
        found = self.model.run(phone_feeds(self.predictor, self.model, rows), names)
        wide = [found[name].astype(np.float64) for name in names]
        return with_labels(self.predictor.schema, self.outputs, wide)


def phone_notes(
    model: onnx.ModelProto, notes: Mapping[str, Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """Return the description of each input of a `phone_model`; see `Layout.notes`.

    Args:
        model: The model for phones.
        notes: The descriptions of the inputs, by name.
    """
    from onnx import TensorProto

    types = {
        TensorProto.STRING: "string",
        TensorProto.FLOAT: "float32",
        TensorProto.INT32: "int32",
        TensorProto.UINT8: "uint8",
    }
    return tuple(
        {**notes[info.name], "type": types[info.type.tensor_type.elem_type]}
        for info in model.graph.input
    )


def _names(graph: onnx.GraphProto) -> set[str]:
    names = {each.name for each in (*graph.input, *graph.initializer)}
    for node in graph.node:
        names.update(node.output)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                names |= _names(attribute.g)
    return names


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def _rename(graph: onnx.GraphProto, renamed: Mapping[str, str]) -> None:
    """Rename values in the nodes of a graph, and in the steps of its loops."""
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, renamed)
