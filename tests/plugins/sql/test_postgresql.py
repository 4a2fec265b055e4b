"""The same from a PostgreSQL server, and no password is ever written down."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pytest

from conftest import Mlfw
from mlfw import UserError
from mlfw_sql import SqlDataset

from .conftest import PASSWORD, Server

RUN = (
    "run",
    "dataset=sql",
    "dataset.url=${oc.env:DATABASE_URL}",
    "dataset.target=[churned]",
    "model=tree",
    "run.name=kept",
)
SPELLINGS = (PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD))


@pytest.fixture
def database_url(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DATABASE_URL", postgresql.url())
    return postgresql.url()


def assert_no_password(folder: Path, *texts: str) -> None:
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert contents
    for spelling in SPELLINGS:
        assert not any(spelling.encode() in content for content in contents)
        assert not any(spelling in text for text in texts)


def test_a_table_keeps_its_types(postgresql: Server) -> None:
    table = SqlDataset(url=postgresql.url(), from_table="customers").table()

    types = {field.name: field.type for field in table.schema}
    assert types["id"] == pa.int64()
    assert types["spent"] == pa.decimal128(5, 2)
    assert types["member"] == pa.bool_()
    assert types["born"] == pa.date32()
    assert types["seen"] == pa.timestamp("us", "UTC")
    assert table["spent"][0].as_py() == Decimal("1.25")


def test_a_table_of_another_schema_and_an_odd_name_is_found(postgresql: Server) -> None:
    data = SqlDataset(url=postgresql.url(), from_table="sales.Odd % Name")

    assert data.table().num_rows == 120


def test_rows_stay_on_the_server_until_they_are_asked_for(postgresql: Server) -> None:
    """A cursor that fetched all rows at once would hold a gigabyte before the first is told."""

    class EnoughError(Exception):
        pass

    def stop(done: int, total: int | None, what: str) -> None:
        raise EnoughError(done)

    query = "SELECT i, repeat('x', 200) AS filler FROM generate_series(1, 5000000) AS i"
    with pytest.raises(Exception, match="10000"):
        SqlDataset(url=postgresql.url(), query=query).table(stop)


def test_a_long_result_is_counted_so_that_the_time_left_is_known(postgresql: Server) -> None:
    told: list[tuple[int, int | None, str]] = []
    query = "SELECT i, i AS i_again, '5%' AS words FROM generate_series(1, 105000) AS i -- all"

    SqlDataset(url=postgresql.url(), query=query).table(lambda *step: told.append(step))

    assert told[-2:] == [(100_000, 105_000, "rows"), (105_000, 105_000, "rows")]


def test_a_password_from_the_environment_is_kept_nowhere(
    database_url: str, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    result = mlfw_here(*RUN, "dataset.from_table=customers")

    assert result.returncode == 0, result.stderr
    assert_no_password(tmp_path / "runs/kept", result.stdout, result.stderr)
    frozen = (tmp_path / "runs/kept/config.yaml").read_text()
    assert "${oc.env:DATABASE_URL}" in frozen


MISTAKES = {
    "SQL that fails": ("SELECT agee FROM customers", ['"agee" does not exist', "dataset.query"]),
    "SQL that fails late": ("SELECT 1 / (age - 60) AS x FROM customers", ["division by zero"]),
    "a table gone": ("SELECT * FROM custmers", ["custmers", "'customers'"]),
    "a change within a query": (
        "WITH gone AS (DELETE FROM customers RETURNING id) SELECT * FROM gone",
        ["must not contain data-modifying statements"],
    ),
    "a change by a function": ("SELECT nextval('numbers') AS x FROM customers", ["read-only"]),
    "the password in the query's own error": (
        f"SELECT CAST('{PASSWORD}' AS INT) AS x, 1 AS y",
        ["***", "integer"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_the_server_refuses_is_told_in_its_own_words(
    mistake: str, database_url: str, postgresql: Server, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    query, expected = MISTAKES[mistake]
    (tmp_path / "bad.yaml").write_text(f'dataset: {{use: sql, query: "{query}"}}\n')

    result = mlfw_here("run", "bad.yaml", *RUN[2:])

    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    for fragment in expected:
        assert fragment in result.stderr
    if PASSWORD not in query:
        assert_no_password(tmp_path / "runs/kept", result.stderr)
    assert PASSWORD not in (tmp_path / "runs/kept/run.json").read_text()
    with postgresql.connect() as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (120,)


def test_a_wrong_password_is_refused_without_being_repeated(
    postgresql: Server, tmp_path: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgresql.url("not-the-one"))

    result = mlfw_here(*RUN, "dataset.from_table=customers")

    assert result.returncode == 2
    assert "dataset.url" in result.stderr
    assert "password authentication failed" in result.stderr
    assert f"127.0.0.1:{postgresql.port}" in result.stderr
    assert "not-the-one" not in result.stderr
    assert not any(
        b"not-the-one" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_server_that_is_not_there_is_named() -> None:
    data = SqlDataset(url="postgres://u@127.0.0.1:1/shop", from_table="customers")

    with pytest.raises(UserError, match=r"cannot connect to postgresql\+psycopg://u@127.0.0.1:1"):
        data.table()
