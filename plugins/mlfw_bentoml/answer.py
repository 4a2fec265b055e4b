"""The response type of `POST /predict`, and predictions in that form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from _bentoml_sdk.io_models import IORootModel  # type: ignore[import-untyped]
from pydantic import WithJsonSchema, create_model
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from mlfw import Kind, Schema
from mlfw.files import finite
from mlfw.schema.predictions import PREDICTION, probability_names

if TYPE_CHECKING:
    import pyarrow as pa

PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1, "nullable": True, "example": 0.5}


def answer_type(schema: Schema) -> Any:
    """Return BentoML's type for the body of a response: one object a row, in the rows' order.

    Its keys are those of the table that `mlfw predict` writes.
    """

    class Body(IORootModel[Any]):  # type: ignore[misc]
        @classmethod
        async def to_http_response(cls, obj: Any, serde: Any) -> Response:  # noqa: ARG003
            # BentoML would derive the type's JSON schema anew for every answer, and let NaN pass.
            return JSONResponse(obj)

    fields = {PREDICTION: Annotated[Any, WithJsonSchema(_prediction_schema(schema))]}
    for name in probability_names(schema):
        fields[name] = Annotated[Any, WithJsonSchema({**PROBABILITY, "title": name})]
    make_typed_dict: Any = TypedDict
    prediction = make_typed_dict("Prediction", fields)
    return create_model("Predictions", __base__=Body, root=(list[prediction], ...))  # type: ignore[valid-type]


def _prediction_schema(schema: Schema) -> dict[str, Any]:
    target = schema.target
    description = f"The predicted {target.name}."
    if not schema.task.is_classification:
        return {"type": "number", "nullable": True, "description": description, "example": 1.5}
    kind = {Kind.boolean: "boolean", Kind.number: "integer" if target.integer else "number"}
    classes: list[Any] = list(schema.classes)
    if target.kind is Kind.boolean:
        classes = [False, True]
    elif target.kind is Kind.number:
        classes = [int(name) if target.integer else float(name) for name in schema.classes]
    return {
        "type": kind.get(target.kind, "string"),
        "enum": classes,
        "description": description,
        "example": classes[0],
    }


def answer(predictions: pa.Table) -> list[dict[str, Any]]:
    """Return a table of predictions as one dict a row; a number that is not finite becomes None.

    JSON knows neither NaN nor infinity.
    """
    return [finite(row) for row in predictions.to_pylist()]
