"""Requests are logged whole, without what must not be logged, and no answer waits for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Mlfw
from mlfw import UserError
from mlfw_service.watch import log as log_module
from mlfw_service.watch import parts as parts_module
from mlfw_service.watch.log_table import KEY, Logged, LogTable
from mlfw_service.watch.parts import Parts
from model_server import free_port
from trained_penguins import penguin, trained_penguins

from .conftest import Service, options

Serve = Callable[..., Service]


def logged(path: Path) -> pa.Table:
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return pa.concat_tables([pq.read_table(file) for file in files])


def test_rows_predictions_time_version_and_id_are_logged(serve: Serve, tmp_path: Path) -> None:
    service, before = serve(log=str(tmp_path / "log")), datetime.now(UTC)
    _, answer, headers = service.predict(penguin(0), penguin(1), headers=[(b"x-request-id", b"7")])
    service.predict(penguin(3))
    service.end()
    rows = logged(tmp_path / "log").to_pylist()

    assert headers[b"x-request-id"] == b"7"
    assert [row["request_id"] == "7" for row in rows] == [True, True, False]
    assert rows[2]["request_id"]
    assert [row["prediction"] for row in rows[:2]] == [
        each["prediction"] for each in json.loads(answer)
    ]
    assert rows[0]["probability_MALE"] + rows[0]["probability_FEMALE"] == pytest.approx(1)
    assert all(before <= row["request_time"] <= datetime.now(UTC) for row in rows)
    assert {row["model"] for row in rows} == {"penguins"}
    assert {row["model_version"].encode() for row in rows} == {headers[b"x-model-version"]}
    sent = penguin(0)
    for name in ("Island", "Body Mass (g)", "Clutch Completion"):
        assert rows[0][name] == sent[name]
    assert rows[0]["Date Egg"] == datetime.fromisoformat(sent["Date Egg"])
    assert rows[2]["Body Mass (g)"] is None


def test_redacted_columns_and_free_text_are_left_out(serve: Serve, tmp_path: Path) -> None:
    secret = "told in confidence"
    first = serve(log=str(tmp_path / "one"), log_redact=("Island",))
    first.predict(penguin(0, Comments=secret, Island="Biscoe"))
    first.end()
    second = serve(log=str(tmp_path / "two"), log_also=("Comments",))
    second.predict(penguin(0, Comments=secret))
    second.end()

    table = logged(tmp_path / "one")
    assert not {"Comments", "Island"} & set(table.column_names)
    assert json.loads(table.schema.metadata[KEY])["left_out"] == ["Comments", "Island"]
    content = b"".join(file.read_bytes() for file in (tmp_path / "one").iterdir())
    assert secret.encode() not in content
    assert b"Biscoe" not in content
    assert logged(tmp_path / "two")["Comments"].to_pylist() == [secret]


def test_a_sample_holds_about_its_share(serve: Serve, tmp_path: Path) -> None:
    service = serve(log=str(tmp_path / "log"), log_sample=0.25)
    for _ in range(4):
        service.predict(*(penguin(number) for number in range(250)))
    for number in range(20):
        service.predict(penguin(number))
    service.end()

    assert 180 < logged(tmp_path / "log").num_rows < 330


def test_one_file_is_there_at_the_end_and_goes_on_with_the_next_service(
    serve: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "log.parquet"
    for count in (1, 2):
        service = serve(log=str(path))
        service.predict(*(penguin(number) for number in range(count)))
        service.end()

    assert pq.read_table(path).num_rows == 3
    assert [each.name for each in tmp_path.iterdir()] == ["log.parquet"]


def test_what_there_is_no_room_for_is_counted(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "MOST_WAITING", 3)
    monkeypatch.setattr(log_module, "SECONDS", 600.0)
    service = serve(log=str(tmp_path / "log"))
    for _ in range(5):
        service.predict(penguin(0))

    assert service.metric("mlfw_log_dropped_rows_total", reason="queue full") == 2
    service.end()
    assert logged(tmp_path / "log").num_rows == 3


def test_a_log_that_cannot_be_written_any_more_fails_no_request(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "WRITTEN_AT_ONCE", 1)
    service = serve(log=str(tmp_path / "log"))
    (tmp_path / "log").rmdir()
    (tmp_path / "log").write_text("in the way")

    assert service.predict(penguin(0))[0] == 200
    service.end()
    assert service.app is not None


def test_the_service_does_not_start_with_a_log_that_cannot_be_written(
    mlfw_here: Mlfw, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "other.parquet").write_text("text")
    for words, expected in (
        (["serve.log=file"], "serve.log="),
        (["serve.log=file/log"], "cannot be written"),
        (["serve.log=other.parquet"], "something else than a log of this model"),
        (["serve.log=log", "serve.log_redact=[Iland]"], "Did you mean 'Island'?"),
        (["serve.log=log", "serve.log_sample=0"], "log_sample"),
    ):
        result = mlfw_here("serve", trained_penguins(), "--port", free_port(), *words)

        assert result.returncode == 2, result
        assert expected in result.stderr


def table(*numbers: int) -> pa.Table:
    schema = pa.schema([("x", pa.int64())], {KEY: b'{"format": 1, "left_out": []}'})
    return pa.table({"x": pa.array(numbers, pa.int64())}, schema=schema)


def test_parts_are_whole_files_of_bounded_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "MOST_ROWS", 4)
    parts = Parts(tmp_path, 1e9)
    for number in range(10):
        parts.add(table(number))
        assert logged(tmp_path)["x"].to_pylist() == list(range(number + 1))

    sizes = [pq.read_metadata(file).num_rows for file in sorted(tmp_path.glob("*.parquet"))]
    assert sizes == [4, 4, 2]


def test_the_oldest_parts_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "MOST_ROWS", 4)
    removed: list[int] = []
    parts = Parts(tmp_path, 1_500)
    parts.removed = removed.append
    for number in range(40):
        parts.add(table(number))

    left = logged(tmp_path)["x"].to_pylist()
    assert left == list(range(sum(removed), 40))
    assert 0 < len(left) < 40


def test_parts_of_a_killed_process_are_joined_once(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    folder = tmp_path / "log.parquet.parts"
    folder.mkdir()
    dead = "20200101T000000-999999999-00001.parquet"
    pq.write_table(table(1, 2), folder / dead)
    other = f"20200101T000000-{os.getppid()}-00001.parquet"  # of a process that goes on
    pq.write_table(table(9), folder / other)
    parts = Parts(path, 1e9)
    parts.add(table(3))
    parts.finish()
    assert pq.read_table(path)["x"].to_pylist() == [1, 2, 3]
    assert [each.name for each in folder.glob("*.parquet")] == [other]

    pq.write_table(table(1, 2), folder / dead)  # as if it had been killed before it removed this
    Parts(path, 1e9).finish()

    assert pq.read_table(path)["x"].to_pylist() == [1, 2, 3]
    assert not (folder / dead).exists()


def test_rows_in_lists_and_in_tables_are_logged_alike(model: Path) -> None:
    import mlfw

    loaded = mlfw.load(model)
    rows = [penguin(number) for number in range(4)]
    predictions = loaded.predict_noting(rows, [])
    as_table = pa.table({name: [row[name] for row in rows] for name in loaded.schema.names})
    log = LogTable(loaded.schema, {"Comments"})

    def of(given: Any) -> pa.Table:
        return log.of([Logged(1, given, predictions, "m", "v", "id")])

    assert of(rows).equals(of(as_table))
    assert of(rows).schema.equals(log.arrow_schema())


def test_a_value_that_does_not_fit_is_logged_as_missing(model: Path) -> None:
    import mlfw

    loaded = mlfw.load(model)
    rows = [penguin(0, **{"Body Mass (g)": "12.5"}), penguin(1, **{"Body Mass (g)": "heavy"})]
    predictions = loaded.predict_noting([penguin(0), penguin(1)], [])
    found = LogTable(loaded.schema).of([Logged(1, rows, predictions, "m", "v", "id")])

    assert found["Body Mass (g)"].to_pylist() == [12.5, None]


def test_a_wrong_name_says_what_there_is(model: Path, tmp_path: Path) -> None:
    from mlfw_service.watch.watch import Watch

    with pytest.raises(UserError, match="log_also"):
        Watch(model, options(log=str(tmp_path), log_also=("Coments",)))
