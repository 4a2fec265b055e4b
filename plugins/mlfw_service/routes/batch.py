"""`POST /predict/batch`: a table in CSV or Parquet, a table of predictions back."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from mlfw import Schema, Task, UserError
from mlfw.schema.labels import label_delimiter, labels_as_text
from mlfw.schema.predictions import output_names, prediction_name
from mlfw.schema.whole import whole
from mlfw_service.asgi import Receive, Scope, Send, as_json, header, respond
from mlfw_service.reading.body import content_type, read_body
from mlfw_service.reading.refusal import Refusal
from mlfw_service.reading.rows import FURTHER_KEYS
from mlfw_service.reading.tables import (
    TableFormat,
    answer_format,
    read_table,
    request_format,
    table_body,
)
from mlfw_service.routes.answers import NOTES

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.pipeline.saved_model import SavedModel
    from mlfw.schema.value_notes import ValueNote
    from mlfw_service.options import ServiceOptions

logger = logging.getLogger("mlfw.service")


class Batch:
    """Predicts the rows of a table, as `mlfw predict` does.

    A value that does not fit its column counts as missing. The answer has a column `notes` where
    there is anything to be said about a row.

    Args:
        model: The model.
        options: The limits.
    """

    def __init__(self, model: SavedModel, options: ServiceOptions) -> None:
        self.model = model
        self.options = options
        self._max_keys = len((*model.schema.all_names, *model.schema.left_out)) + FURTHER_KEYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["method"] != "POST":
            error = {"error": f"expected the method POST, found {scope['method']}", "details": []}
            await respond(send, as_json(error), 405, headers=[(b"allow", b"POST")])
            return
        try:
            given = request_format(content_type(scope))
            accepted = (header(scope, b"accept") or b"").decode("latin-1")
            wanted = answer_format(accepted, given)
            body = await read_body(scope, receive, self.options.max_body)
            content = await asyncio.to_thread(self.predict, body, given, wanted)
        except Refusal as refusal:
            await respond(send, refusal.content(), refusal.status)
        except Exception:
            logger.exception("predicting failed")
            failed = {"error": "the model failed; see the service's log", "details": []}
            await respond(send, as_json(failed), 500)
        else:
            await respond(send, content, kind=wanted.value.encode())

    def predict(self, body: bytes, given: TableFormat, wanted: TableFormat) -> bytes:
        """Return the answer to a request's body.

        Args:
            body: The body.
            given: Its format.
            wanted: The answer's format.

        Raises:
            Refusal: The rows cannot be predicted.
        """
        schema = self.model.schema
        rows = read_table(
            body,
            given,
            schema,
            max_rows=self.options.max_batch_rows,
            max_keys=self._max_keys,
            max_body=self.options.max_body,
        )
        notes: list[ValueNote] = []
        try:
            predictions = self.model.predict_table(rows, place="the body", notes=notes)
        except UserError as error:
            raise Refusal(422, error.problem) from None
        lists = wanted is TableFormat.parquet
        table = _answer_table(schema, predictions, lists=lists)
        return table_body(_with_notes(table, rows, notes), wanted)


def _answer_table(schema: Schema, predictions: pa.Table, *, lists: bool) -> pa.Table:
    """Return predictions under the names that `mlfw predict` gives them, in full precision."""
    names = output_names(schema)
    table = predictions.rename_columns([names.get(n, n) for n in predictions.column_names])
    for target in schema.targets:
        if target.task is Task.multilabel and not (lists and not target.column.format):
            name = names[prediction_name(schema, target)]
            place = table.column_names.index(name)
            texts = labels_as_text(whole(table[name]), label_delimiter(target))
            table = table.set_column(place, name, texts)
    return table


def _with_notes(table: pa.Table, rows: pa.Table, notes: list[ValueNote]) -> pa.Table:
    """Return the answer with a column of what is to be said about each row."""
    import pyarrow as pa

    said: dict[int, list[str]] = {}
    for note in notes:
        values = rows[note.column] if note.column in rows.column_names else None
        for row in note.rows.tolist():
            value = None if values is None else values[row].as_py()
            said.setdefault(row, []).append(note.about(value))
    if not said or NOTES in table.column_names:
        return table
    texts = [" ".join(said[row]) if row in said else None for row in range(table.num_rows)]
    return table.append_column(NOTES, pa.array(texts, pa.string()))
