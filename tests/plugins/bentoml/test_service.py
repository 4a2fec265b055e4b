"""What a served Bento answers."""

from __future__ import annotations

import json
import pickle
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest

import mlfw
from fuzzing import fuzz
from model_server import Answer, ModelServer

pytestmark = pytest.mark.xdist_group("bentoml")

ROW: dict[str, Any] = {
    "Culmen Length (mm)": 39.1,
    "class": 7,
    "colour": "red",
    "grade": "2",
    "fresh": True,
    "model_config": "2024-01-09T10:00:00",
    "größe": "a note",
}
LARGE = {**ROW, "Culmen Length (mm)": 89.0, "class": 58}


def changed(**values: Any) -> dict[str, Any]:
    return {**ROW, **values}


def detail(answer: Answer) -> dict[str, Any]:
    """Return the only detail of a refusal."""
    assert answer.status == 422, answer.body
    [only] = answer.json["details"]
    assert isinstance(only, dict)
    return only


def test_rows_are_answered_with_what_the_saved_model_predicts(
    server: ModelServer, model: Path
) -> None:
    answer = server.predict([ROW, LARGE])
    assert answer.status == 200
    assert answer.json == mlfw.load(model).predict([ROW, LARGE]).to_pylist()
    assert [set(row) for row in answer.json] == [
        {"prediction", "probability_large", "probability_small"}
    ] * 2
    assert [row["prediction"] for row in answer.json] == ["small", "large"]


def test_rows_may_be_sent_under_the_key_rows(server: ModelServer) -> None:
    assert server.predict({"rows": [ROW]}).json == server.predict([ROW]).json


def test_no_rows_give_no_predictions(server: ModelServer) -> None:
    answer = server.predict([])
    assert (answer.status, answer.json) == (200, [])


def test_every_value_may_be_missing(server: ModelServer) -> None:
    assert server.predict([dict.fromkeys(ROW), ROW]).status == 200


def test_a_missing_column_is_refused_by_name(server: ModelServer) -> None:
    row = {name: value for name, value in ROW.items() if name != "Culmen Length (mm)"}
    found = detail(server.predict([ROW, row]))
    assert (found["row"], found["field"]) == (1, "Culmen Length (mm)")
    assert (found["expected"], found["found"]) == ("a number, or null", "no such key")


def test_an_unknown_column_is_refused_by_name_with_the_nearest_one(server: ModelServer) -> None:
    answer = server.predict([changed(color="red")])
    found = detail(answer)
    assert (found["row"], found["field"]) == (0, "color")
    assert "'colour'" in found["expected"]
    assert "row 0, field 'color'" in answer.json["error"]


def test_a_value_that_does_not_fit_is_refused_by_row_and_field(server: ModelServer) -> None:
    answer = server.predict([ROW, ROW, changed(fresh="perhaps")])
    found = detail(answer)
    assert (found["row"], found["field"], found["found"]) == (2, "fresh", '"perhaps"')
    assert "true or false" in found["expected"]
    assert "row 2, field 'fresh'" in answer.json["error"]


def test_all_that_is_wrong_is_told_at_once_within_reason(server: ModelServer) -> None:
    two = server.predict([changed(colour=[1], fresh=[2])]).json
    assert [found["field"] for found in two["details"]] == ["colour", "fresh"]
    many = server.predict([{f"x{i}": i for i in range(90)}] * 20)
    assert many.status == 422
    assert len(many.json["details"]) == 20
    assert len(many.body) < 10_000


@pytest.mark.parametrize("rows", [[5], [None], [[]], ["abc"]])
def test_a_row_that_is_no_object_is_refused_by_number(server: ModelServer, rows: list[Any]) -> None:
    found = detail(server.predict(rows))
    assert (found["row"], found["field"]) == (0, None)


@pytest.mark.parametrize("body", [5, None, "rows", {"rows": 5}, {"rows": [ROW], "more": 1}])
def test_a_body_that_holds_no_rows_is_refused(server: ModelServer, body: Any) -> None:
    answer = server.predict(body)
    assert answer.status == 422
    assert answer.json["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"abc",
        b"\xff\xfe",
        b'[{"colour": "\\ud800"}]',
        b"[" * 550,
        b"[1" + b"0" * 5000,
    ],
    ids=["empty", "cut", "word", "no UTF-8", "half a character", "deep", "endless number"],
)
def test_a_body_that_is_not_json_is_refused(server: ModelServer, body: bytes) -> None:
    answer = server.call("POST", "/predict", body)
    assert answer.status == 400
    assert "JSON" in answer.json["error"]


def test_a_body_of_more_parts_than_rows_may_have_is_refused(server: ModelServer) -> None:
    assert server.call("POST", "/predict", b"[" * 100_000).status == 413


def test_a_pickle_is_refused_and_not_opened(server: ModelServer, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "opened",))

    for kind in ("application/vnd.bentoml+pickle", "Application/vnd.bentoml+pickle; x=1"):
        assert server.call("POST", "/predict", pickle.dumps([Bomb()]), kind).status == 415
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/csv"]
)
def test_any_other_kind_of_body_is_refused(server: ModelServer, kind: str) -> None:
    answer = server.call("POST", "/predict", json.dumps([ROW]).encode(), kind)
    assert answer.status == 415
    assert "application/json" in answer.json["error"]


def test_a_kind_of_body_may_name_its_characters(server: ModelServer) -> None:
    body = json.dumps([ROW], ensure_ascii=False).encode()
    assert server.call("POST", "/predict", body, "application/json; charset=utf-8").status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(server: ModelServer, method: str) -> None:
    answer = server.call(method, "/predict")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "POST" in answer.json["error"]


def test_too_many_rows_are_refused(server: ModelServer) -> None:
    assert server.predict([ROW] * 500).status == 200
    answer = server.predict([ROW] * 501)
    assert answer.status == 413
    assert "500" in answer.json["error"]


def test_a_body_announced_too_large_is_refused_before_it_is_sent(server: ModelServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 500001\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_far_too_large_is_refused_without_being_held(server: ModelServer) -> None:
    def memory() -> int:
        children = psutil.Process(server.process.pid).children(recursive=True)
        return max(child.memory_info().rss for child in children)

    def pieces() -> Any:
        for _ in range(100):
            yield b"[" * 500_000

    before = memory()
    for body in (b"[" * 50_000_000, pieces()):
        answer = server.call("POST", "/predict", body)
        assert answer.status == 413
        assert "500000 bytes" in answer.json["error"]
    assert memory() - before < 40_000_000
    assert server.predict([ROW]).status == 200


def test_bad_rows_never_harm_those_of_others(server: ModelServer) -> None:
    def ask(number: int) -> tuple[int, Any]:
        row = changed(**{"Culmen Length (mm)": number * 1.5, "class": number})
        if number % 4 == 0:
            row["fresh"] = "perhaps"
        answer = server.predict([row])
        return answer.status, answer.json

    alone = {number: ask(number) for number in range(60)}
    with ThreadPoolExecutor(16) as pool:
        together = dict(zip(range(60), pool.map(ask, range(60)), strict=True))
    assert together == alone
    assert {status for number, (status, _) in together.items() if number % 4} == {200}
    assert {status for number, (status, _) in together.items() if number % 4 == 0} == {422}


def test_the_schema_is_there_to_read(server: ModelServer, model: Path) -> None:
    answer = server.call("GET", "/schema")
    schema = mlfw.Schema.load(model / "schema.json")
    assert answer.status == 200
    found = answer.json
    assert found.pop("version")
    assert found == {
        "name": "Rows & columns",
        "model": "linear",
        "targets": [{"name": "species", "task": "binary", "classes": ["small", "large"]}],
        "columns": json.loads(json.dumps([asdict(column) for column in schema.columns])),
        "left_out": [],
    }


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_it_tells_that_it_is_well(server: ModelServer, path: str) -> None:
    assert server.call("GET", path).status == 200


def test_the_document_tells_columns_answers_and_refusals(server: ModelServer) -> None:
    document = server.call("GET", "/docs.json").json
    schemas = document["components"]["schemas"]
    row = schemas["Row"]
    assert list(row["properties"]) == row["required"] == list(ROW)
    assert row["additionalProperties"] is False
    kinds = {name: column["type"] for name, column in row["properties"].items()}
    assert kinds == {
        "Culmen Length (mm)": "number",
        "class": "number",
        "colour": "string",
        "grade": "string",
        "fresh": "boolean",
        "model_config": "string",
        "größe": "string",
    }
    assert row["properties"]["model_config"]["format"] == "date-time"
    assert all(column["nullable"] for column in row["properties"].values())
    assert "blue, green, red" in row["properties"]["colour"]["description"]
    assert schemas["Prediction"]["properties"]["prediction"]["enum"] == ["small", "large"]
    post = document["paths"]["/predict"]["post"]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    row = {"$ref": "#/components/schemas/Row"}
    assert body == {"oneOf": [row, {"type": "array", "items": row}]}
    assert {"200", "400", "413", "415", "422", "429"} <= post["responses"].keys()
    assert {"/schema", "/livez", "/readyz"} <= document["paths"].keys()
    assert document["info"]["title"] == "Rows & columns"


def test_the_documents_examples_are_accepted(server: ModelServer) -> None:
    schemas = server.call("GET", "/docs.json").json["components"]["schemas"]
    columns = schemas["Row"]["properties"]
    answer = server.predict([{name: column["example"] for name, column in columns.items()}])
    assert answer.status == 200
    assert set(answer.json[0]) == set(schemas["Prediction"]["required"])


def test_every_reference_of_the_document_leads_somewhere(server: ModelServer) -> None:
    document = server.call("GET", "/docs.json")
    names = set(re.findall(rb'"#/components/schemas/(\w+)"', document.body))
    assert {name.decode() for name in names} == set(document.json["components"]["schemas"])


def test_the_page_for_people_is_there(server: ModelServer) -> None:
    page = server.call("GET", "/")
    assert page.status == 200
    assert b"Predict species" in page.body


def test_bentomls_own_client_can_ask(server: ModelServer) -> None:
    import bentoml

    with bentoml.SyncHTTPClient(f"http://127.0.0.1:{server.port}") as client:
        assert client.predict([ROW]) == server.predict([ROW]).json


def test_it_listens_on_the_loopback_interface_alone(server: ModelServer) -> None:
    process = psutil.Process(server.process.pid)
    addresses = {
        connection.laddr.ip
        for one in [process, *process.children(recursive=True)]
        for connection in one.net_connections(kind="inet")
    }
    assert addresses == {"127.0.0.1"}


@pytest.mark.slow
def test_no_request_of_thousands_fails_a_bento(server: ModelServer) -> None:
    fuzz(server, 5000)
