"""The request type of `POST /predict`: documented by pydantic, read with a cap on its size."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from _bentoml_sdk.io_models import IORootModel  # type: ignore[import-untyped]
from pydantic import create_model
from starlette.requests import ClientDisconnect, Request

from mlfw_bentoml.refusal import Refusal
from mlfw_bentoml.rows import RowReader

JSON = "application/json"


def request_type(reader: RowReader, max_body: int) -> Any:
    """Return BentoML's type for the body of a request: a list of rows.

    What the service is given is a function that returns the rows or raises a `Refusal`. So the
    rows are checked in the thread that predicts them, one request at a time, and a bad one is
    answered by the service itself: BentoML's own answers name neither row nor column.

    Args:
        reader: Checks the rows.
        max_body: Most bytes of a body. No more than that is ever held in memory.
    """

    class Body(IORootModel[Any]):  # type: ignore[misc]
        __root_input__ = True

        @classmethod
        async def from_http_request(cls, request: Request, serde: Any) -> Any:  # noqa: ARG003
            try:
                read: Any = partial(reader.read, await _body(request, max_body))
            except Refusal as refusal:
                read = partial(_refuse, refusal)
            return cls.model_construct(root=read)

    rows = list[reader.type]  # type: ignore[name-defined]
    return create_model("Rows", __base__=Body, root=(rows, ...))


def _refuse(refusal: Refusal) -> NoReturn:
    raise refusal


async def _body(request: Request, max_body: int) -> bytearray:
    kind = request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    if kind != JSON:
        raise Refusal(415, f"expected a body of Content-Type {JSON}, found {kind}")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_body:
        raise _too_large(max_body)
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > max_body:
                raise _too_large(max_body)
    except ClientDisconnect:
        raise Refusal(400, "the request ended before its body was complete") from None
    return body


def _too_large(max_body: int) -> Refusal:
    return Refusal(413, f"expected a body of at most {max_body} bytes")
