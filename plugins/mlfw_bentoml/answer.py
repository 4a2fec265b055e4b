"""The response type of `POST /predict`, and predictions in that form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NotRequired

from _bentoml_sdk.io_models import IORootModel  # type: ignore[import-untyped]
from pydantic import WithJsonSchema, create_model
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from mlfw import Kind, Schema, Target, Task
from mlfw.files import finite
from mlfw.schema.predictions import (
    class_labels,
    output_names,
    prediction_name,
    probability_names,
)

if TYPE_CHECKING:
    import pyarrow as pa

NOTES = "notes"
PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1, "nullable": True, "example": 0.5}
NOTES_SCHEMA = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What of the row the model does not know, such as a category that training "
    "never saw; left out where there is nothing.",
}


def answer_type(schema: Schema) -> Any:
    """Return BentoML's type for the body of a response: one object a row, in the rows' order.

    Its keys are those of the table that `mlfw predict` writes.
    """

    class Body(IORootModel[Any]):  # type: ignore[misc]
        @classmethod
        async def to_http_response(cls, obj: Any, serde: Any) -> Response:  # noqa: ARG003
            # BentoML would derive the type's JSON schema anew for every answer, and let NaN pass.
            return JSONResponse(obj)

    fields: dict[str, Any] = {}
    names = output_names(schema)
    for target in schema.targets:
        own = WithJsonSchema(_prediction_schema(target))
        fields[names[prediction_name(schema, target)]] = Annotated[Any, own]
        for name in probability_names(schema, target):
            shown = names[name]
            fields[shown] = Annotated[Any, WithJsonSchema({**PROBABILITY, "title": shown})]
    fields[NOTES] = Annotated[NotRequired[Any], WithJsonSchema(NOTES_SCHEMA)]
    make_typed_dict: Any = TypedDict
    prediction = make_typed_dict("Prediction", fields)
    return create_model("Predictions", __base__=Body, root=(list[prediction], ...))  # type: ignore[valid-type]


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


def answer(predictions: pa.Table) -> list[dict[str, Any]]:
    """Return a table of predictions as one dict a row; a number that is not finite becomes None.

    JSON knows neither NaN nor infinity.
    """
    return [finite(row) for row in predictions.to_pylist()]
