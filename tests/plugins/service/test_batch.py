"""`POST /predict/batch`: tables in, tables out."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import mlfw
from mlfw.pipeline.saved_model import SavedModel
from mlfw_service import ServiceOptions
from mlfw_service.routes.batch import Batch

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
OPTIONS = ServiceOptions(
    name="rows",
    workers=1,
    timeout=60,
    max_concurrency=10,
    max_body=1_000_000,
    max_rows=50,
    max_batch_rows=200,
)


@pytest.fixture(scope="module")
def saved(model: Path) -> SavedModel:
    """The saved model, loaded."""
    return mlfw.load(model)


@pytest.fixture(scope="module")
def rows(saved: SavedModel) -> pa.Table:
    """Rows of the kind that the model was trained on, with an identifier and the target."""
    made = [
        {
            "id": f"row {i}",
            "Culmen Length (mm)": i * 1.5,
            "class": i,
            "colour": ("red", "green", None)[i % 3],
            "grade": str(i % 3 + 1),
            "fresh": i % 2 == 0,
            "model_config": f"2024-01-{i + 1:02}T10:00:00",
            "größe": f"note {i}",
            "species": "small",
        }
        for i in range(20)
    ]
    return pa.Table.from_pylist(made)


def post(
    saved: SavedModel, body: bytes, kind: str, accept: str = "", **options: Any
) -> tuple[int, str, bytes]:
    """Return status, content type and body of the answer."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", kind.encode())]
    if accept:
        headers.append((b"accept", accept.encode()))
    scope = {"type": "http", "method": "POST", "path": "/predict/batch", "headers": headers}
    asyncio.run(Batch(saved, replace(OPTIONS, **options))(scope, receive, send))
    start, end = sent
    return start["status"], dict(start["headers"])[b"content-type"].decode(), end["body"]


def as_csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink)
    return sink.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize("given", [CSV, PARQUET])
@pytest.mark.parametrize("accept", ["", "*/*", CSV, PARQUET, f"application/json, {CSV};q=0.5"])
def test_a_table_is_answered_as_the_model_predicts_it_in_the_format_that_is_asked_for(
    saved: SavedModel, rows: pa.Table, given: str, accept: str
) -> None:
    body = as_csv(rows) if given == CSV else as_parquet(rows)
    status, kind, content = post(saved, body, given, accept)
    named = next((each for each in (CSV, PARQUET) if each in accept), given)
    assert (status, kind) == (200, named)
    read = pa_csv.read_csv if kind == CSV else pq.read_table
    assert read(io.BytesIO(content)).to_pylist() == saved.predict(rows).to_pylist()


def test_what_is_odd_stands_beside_its_row(saved: SavedModel, rows: pa.Table) -> None:
    values = ["mauve", *rows["colour"].to_pylist()[1:]]
    place = rows.column_names.index("colour")
    odd = rows.set_column(place, "colour", pa.array(values))
    _, _, content = post(saved, as_csv(odd), CSV)
    notes = pa_csv.read_csv(io.BytesIO(content))["notes"].to_pylist()
    assert notes[0] == "column 'colour': 'mauve' never occurred in training."
    assert set(notes[1:]) == {""}


@pytest.mark.parametrize(
    ("body", "kind", "options", "status", "words"),
    [
        (b"a,b\n1,2\n", CSV, {}, 422, "missing columns"),
        (b"", CSV, {}, 422, "the body"),
        (b"\xff\x00\xfe", CSV, {}, 422, "the body"),
        (b"PAR1 no", PARQUET, {}, 422, "no Parquet file"),
        (b"[]", "application/json", {}, 415, CSV),
        (b",".join([b"a"] * 5000), CSV, {}, 413, "columns"),
    ],
    ids=["columns", "empty", "bytes", "not Parquet", "JSON", "wide"],
)
def test_what_cannot_be_predicted_is_refused_with_a_reason(
    saved: SavedModel, body: bytes, kind: str, options: Any, status: int, words: str
) -> None:
    found, answered, content = post(saved, body, kind, **options)
    assert (found, answered) == (status, "application/json")
    assert words in json.loads(content)["error"]
    assert "/tmp" not in json.loads(content)["error"]


@pytest.mark.parametrize("kind", [CSV, PARQUET])
def test_too_many_rows_are_refused(saved: SavedModel, rows: pa.Table, kind: str) -> None:
    body = as_csv(rows) if kind == CSV else as_parquet(rows)
    status, _, content = post(saved, body, kind, max_batch_rows=19)
    assert (status, b"at most 19 rows" in content) == (413, True)


def test_a_file_that_unpacks_to_far_more_is_refused(saved: SavedModel) -> None:
    bomb = as_parquet(pa.table({"class": pa.array(["x" * 1_000_000] * 100)}))
    assert len(bomb) < 100_000
    status, _, content = post(saved, bomb, PARQUET, max_body=100_000)
    assert status in (413, 422)
    assert json.loads(content)["error"]


def test_a_client_that_takes_neither_format_is_told_so(saved: SavedModel, rows: pa.Table) -> None:
    assert post(saved, as_csv(rows), CSV, "application/json")[0] == 406
