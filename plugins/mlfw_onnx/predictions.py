"""The outputs and the metadata of an exported model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import mlfw
from mlfw import Schema, Target, Task
from mlfw.schema import LEAST_LABEL_PROBABILITY, class_labels, free_name
from mlfw_onnx import arrays
from mlfw_onnx.graph import Graph
from mlfw_onnx.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np
    import onnx

LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"
INPUTS, TARGETS = "mlfw.inputs", "mlfw.targets"
ROWS_AT_ONCE = "mlfw.rows_at_once"
ROWS = "rows"
# A constant of n elements in one direction makes intermediate results of n numbers a row.
NUMBERS_AT_ONCE, MOST_ROWS = 1 << 23, 1 << 16


@dataclass(frozen=True)
class TargetOutputs:
    """The outputs of a model in ONNX that belong to one target.

    Attributes:
        target: The target's name.
        task: Its task.
        classes: Its classes, or labels, in the order of the probabilities.
        label: The output of the predicted class or labels.
        probabilities: The output of the probabilities.
        prediction: The output of the predicted value, for regression.
    """

    target: str
    task: str
    classes: tuple[str, ...] = ()
    label: str = ""
    probabilities: str = ""
    prediction: str = ""

    @classmethod
    def of(cls, model: onnx.ModelProto) -> tuple[TargetOutputs, ...]:
        """Return the outputs of each target of a model that `prediction_model` made."""
        return cls.read({each.key: each.value for each in model.metadata_props})

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> tuple[TargetOutputs, ...]:
        """Return the outputs of each target from a model's metadata."""
        read = json.loads(metadata[TARGETS])
        return tuple(cls(**{**each, "classes": tuple(each["classes"])}) for each in read)

    @classmethod
    def named(cls, schema: Schema, taken: Iterable[str]) -> tuple[TargetOutputs, ...]:
        """Return the outputs of each target of a schema, as `prediction_model` names them.

        Args:
            schema: The model's schema.
            taken: Names that are taken, such as those of inputs.
        """
        made, used = [], set(taken)
        for target in schema.targets:
            suffix = f"_{target.name}" if len(schema.targets) > 1 else ""
            regression = target.task is Task.regression
            names = {}
            for kind in (PREDICTION,) if regression else (LABEL, PROBABILITIES):
                names[kind] = free_name(f"{kind}{suffix}", used)
                used.add(names[kind])
            made.append(cls(target.name, target.task.value, target.classes, **names))
        return tuple(made)


def prediction_model(
    graph: Graph,
    schema: Schema,
    values: Sequence[Tensor],
    inputs: Mapping[str, Mapping[str, Any]],
    most_rows: int | None = None,
) -> onnx.ModelProto:
    """Add outputs and metadata to a graph, and return it as a model.

    For classification the outputs are `label` [rows], the class in the target's own type (string,
    int64 or bool; the first one of equally likely classes), and `probabilities`, double [rows,
    classes]; for multi-label, `label`, bool [rows, labels], and `probabilities`, double [rows,
    labels]; for regression, `prediction`, double [rows]. With several targets, `_` and the target's
    name are appended; a number is appended to a name that an input has already.

    The metadata describe the inputs (`mlfw.inputs`) and the outputs (`mlfw.targets`) as JSON.

    Args:
        graph: The graph that computes the values, with all its inputs.
        schema: The model's schema.
        values: One tensor per target, double; see `mlfw.predictions_table`.
        inputs: A description of each input, by name, as JSON data.
        most_rows: The number of rows to predict at a time, so that memory stays within bounds;
            estimated if left out.
    """
    targets = TargetOutputs.named(schema, graph.taken)
    for target, outputs, value in zip(schema.targets, targets, values, strict=True):
        _add_target(graph, target, outputs, value)
    notes = {
        INPUTS: _json([_input(schema, name, notes) for name, notes in inputs.items()]),
        TARGETS: _json([asdict(each) for each in targets]),
        ROWS_AT_ONCE: str(most_rows or _rows_at_once(graph)),
    }
    model = graph.model("mlfw", notes)
    model.producer_name, model.producer_version = "mlfw", mlfw.__version__
    model.doc_string = (
        f"Predicts {', '.join(target.name for target in schema.targets)}. The metadata {INPUTS} "
        f"and {TARGETS} say what goes in and what comes out."
    )
    return model


def rows_at_once(metadata: Mapping[str, str]) -> int:
    """Return the number of rows to predict at a time, so that memory stays within bounds.

    Args:
        metadata: A model's metadata, by key.
    """
    text = metadata.get(ROWS_AT_ONCE, "")
    return min(max(int(text), 1), MOST_ROWS) if text.isdecimal() else MOST_ROWS


def _rows_at_once(graph: Graph) -> int:
    """Return a number of rows of which no intermediate result takes more than some 100 MB."""
    widest = max((max(each.dims, default=1) for each in graph.constants), default=1)
    return min(max(NUMBERS_AT_ONCE // widest, 1), MOST_ROWS)


def input_notes(model: onnx.ModelProto) -> dict[str, dict[str, Any]]:
    """Return the descriptions of a model's inputs, by name; see `prediction_model`."""
    return read_inputs({each.key: each.value for each in model.metadata_props})


def read_inputs(metadata: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the descriptions of the inputs, by name, from a model's metadata."""
    return {notes["name"]: notes for notes in json.loads(metadata[INPUTS])}


def with_labels(
    schema: Schema, outputs: Sequence[TargetOutputs], found: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """Return probabilities and predicted values by output, and the labels that follow from them.

    Args:
        schema: The model's schema.
        outputs: The outputs of each target.
        found: For each target probabilities, [rows, classes], or predicted values, [rows].
    """
    import numpy as np

    made: dict[str, np.ndarray] = {}
    for target, each, values in zip(schema.targets, outputs, found, strict=True):
        made[each.probabilities or each.prediction] = values
        if target.task is Task.multilabel:
            made[each.label] = values >= LEAST_LABEL_PROBABILITY
        elif target.task is not Task.regression:
            labels = np.asarray(class_labels(target).to_pylist(), dtype=object)
            made[each.label] = labels[values.argmax(axis=1)]
    return made


def _add_target(graph: Graph, target: Target, made: TargetOutputs, values: Tensor) -> None:
    if target.task is Task.regression:
        graph.output(values, made.prediction, [ROWS])
        return
    if target.task is Task.multilabel:
        label = values >= LEAST_LABEL_PROBABILITY
    else:
        classes = class_labels(target).to_numpy(zero_copy_only=False)
        label = graph.constant(classes)[arrays.argmax(values, axis=1)]
    each = len(target.classes)
    shape: list[str | int] = [ROWS, each] if target.task is Task.multilabel else [ROWS]
    graph.output(label, made.label, shape)
    graph.output(values, made.probabilities, [ROWS, each])


def _input(schema: Schema, name: str, notes: Mapping[str, Any]) -> dict[str, Any]:
    column = schema.column(name)
    written = {"written": column.format} if column.format else {}
    return {"name": name, "kind": column.kind.value, **written, **notes}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
