"""Predictions as the service's answers, and the JSON schema of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw import Kind, Schema, Target, Task
from mlfw.files import finite
from mlfw.schema.predictions import (
    class_labels,
    output_names,
    prediction_name,
    probability_names,
)

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw.schema.value_notes import ValueNote

NOTES = "notes"
PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1, "nullable": True, "example": 0.5}
NOTES_SCHEMA = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What the model does not know of the row, such as a category that training "
    "never saw, and keys that were ignored; left out where there is nothing.",
}


def answer_rows(
    model: SavedModel, rows: list[dict[str, Any]], odd: list[ValueNote]
) -> list[dict[str, Any]]:
    """Return the predictions of rows, one object each in the rows' order.

    The keys are those of the table that `mlfw predict` writes; a row that holds what training never
    saw has `notes` too. A number that is not finite becomes None, as JSON knows neither NaN nor
    infinity.

    Args:
        model: The model.
        rows: The rows.
        odd: What is odd about their values is added here.
    """
    found = [finite(row) for row in model.predict_noting(rows, odd).to_pylist()]
    for note in odd:
        for row in note.rows.tolist():
            found[row].setdefault(NOTES, []).append(note.about(rows[row][note.column]))
    return found


def answer_schema(schema: Schema) -> dict[str, Any]:
    """Return the JSON schema of one row's answer, as OpenAPI 3.0 wants it."""
    properties: dict[str, Any] = {}
    names = output_names(schema)
    for target in schema.targets:
        properties[names[prediction_name(schema, target)]] = _prediction_schema(target)
        for name in probability_names(schema, target):
            shown = names[name]
            properties[shown] = {**PROBABILITY, "title": shown}
    required = list(properties)
    properties[NOTES] = NOTES_SCHEMA
    return {
        "type": "object",
        "title": "Prediction",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _prediction_schema(target: Target) -> dict[str, Any]:
    description = f"The predicted {target.name}."
    if target.task is Task.regression:
        return {"type": "number", "nullable": True, "description": description, "example": 1.5}
    column = target.column
    kind = {Kind.boolean: "boolean", Kind.number: "integer" if column.integer else "number"}
    classes = class_labels(target).to_pylist()
    one = {"type": kind.get(column.kind, "string"), "enum": classes}
    if target.task is Task.multilabel:
        return {"type": "array", "items": one, "description": description, "example": classes[:1]}
    return {**one, "description": description, "example": classes[0]}
