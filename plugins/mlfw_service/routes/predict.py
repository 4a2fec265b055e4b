"""`POST /predict`: rows in JSON, predictions back."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.schema import empty_rows
from mlfw_service.asgi import Receive, Scope, Send, as_json, respond
from mlfw_service.reading.body import JSON, content_type, read_body
from mlfw_service.reading.refusal import Refusal
from mlfw_service.reading.rows import RowReader
from mlfw_service.routes.answers import NOTES, answer_rows

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw.schema.value_notes import ValueNote
    from mlfw_service.options import ServiceOptions

logger = logging.getLogger("mlfw.service")

INLINE = 10_000  # bytes of a body that is read sooner than a thread is woken
QUICK = 0.005  # seconds; a model that takes longer for a row would keep other requests waiting
TRIES = 3


class Predict:
    """Predicts the rows of a request.

    A request is its own batch: no row is ever predicted together with those of another request, so
    that none can fail for another's rows.

    Args:
        model: The model.
        options: The limits.
    """

    def __init__(self, model: SavedModel, options: ServiceOptions) -> None:
        self.model = model
        self.reader = RowReader(model.schema, options, model.schema.left_out)
        self.max_body = options.max_body
        self.timeout = options.timeout
        self.quick = is_quick(model)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["method"] != "POST":
            error = {"error": f"expected the method POST, found {scope['method']}", "details": []}
            await respond(send, as_json(error), 405, headers=[(b"allow", b"POST")])
            return
        try:
            status, content = 200, await self._answer(scope, receive)
        except Refusal as refusal:
            status, content = refusal.status, refusal.content()
        except TimeoutError:
            status = 504
            content = as_json({"error": f"took over {self.timeout:g} seconds", "details": []})
        except Exception:
            logger.exception("predicting failed")
            status = 500
            content = as_json({"error": "the model failed; see the service's log", "details": []})
        await respond(send, content, status)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        kind = content_type(scope)
        if kind != JSON:
            raise Refusal(415, f"expected a body of Content-Type {JSON}, found {kind}")
        body = await read_body(scope, receive, self.max_body)
        if self.quick and len(body) <= INLINE:
            return self.predict(body)
        async with asyncio.timeout(self.timeout):
            return await asyncio.to_thread(self.predict, body)

    def predict(self, body: bytes) -> bytes:
        """Return the answer to a request's body.

        Raises:
            Refusal: The rows cannot be predicted.
        """
        read = self.reader.read(body)
        if not read.rows:
            return b"[]"
        odd: list[ValueNote] = []
        try:
            found = answer_rows(self.model, read.rows, odd)
        except UserError as error:
            misfits = self.reader.misfits_alone(read.rows)
            raise Refusal.of_rows(misfits) if misfits else Refusal(422, error.problem) from None
        if odd and (misfits := self.reader.misfits(read.rows, odd)):
            raise Refusal.of_rows(misfits)
        for row, notes in read.notes.items():
            found[row].setdefault(NOTES, []).extend(notes)
        return as_json(found[0] if read.single else found)


def is_quick(model: SavedModel) -> bool:
    """Tell whether a model predicts a row sooner than a thread could do so without being noticed.

    Args:
        model: The model; it predicts a row of missing values a few times.
    """
    rows = empty_rows(model.schema, 1)
    for _ in range(TRIES):
        begun = time.perf_counter()
        try:
            model.predictor.predict(rows)
        except Exception:  # it may not take a row without values
            logger.debug("a row of missing values cannot be predicted", exc_info=True)
            return False
        if time.perf_counter() - begun < QUICK:
            return True
    return False
