"""Rows come typed from a table or a query, the same each time, and nothing is changed."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from conftest import Mlfw
from mlfw import Kind, LoadContext, UserError
from mlfw.config import compose
from mlfw.pipeline.monitor import Monitor
from mlfw.pipeline.progress import Progress
from mlfw.pipeline.run import execute
from mlfw.plugins import load_plugins
from mlfw_sql import SqlDataset

SHOP = "sqlite:///shop.db"


def test_a_table_keeps_the_types_it_is_declared_with(shop: Path) -> None:
    table = SqlDataset(url=SHOP, from_table="customers").table()

    types = {field.name: field.type for field in table.schema}
    assert types == {
        "id": pa.int64(),
        "age": pa.int64(),
        "spent": pa.float64(),
        "member": pa.bool_(),
        "born": pa.date32(),
        "seen": pa.timestamp("us"),
        "note": pa.string(),
        "churned": pa.string(),
    }
    assert table.num_rows == 120


def test_the_schema_follows_from_the_types(shop: Path) -> None:
    data = SqlDataset(url=SHOP, from_table="customers", target=["churned"])

    schema = data.load(LoadContext()).schema

    kinds = {column.name: column.kind for column in schema.columns}
    assert kinds["born"] == kinds["seen"] == Kind.datetime
    assert kinds["member"] == Kind.boolean
    assert kinds["spent"] == Kind.number
    assert kinds["note"] == Kind.text
    assert set(schema.classes) == {"no", "yes"}


def test_a_view_is_read_like_a_table(shop: Path) -> None:
    assert SqlDataset(url=SHOP, from_table="members").table().num_rows == 60


def test_a_query_may_hold_percent_signs_colons_and_semicolons(shop: Path) -> None:
    query = "SELECT id, '10:30; 5%' AS words FROM customers WHERE note LIKE '%number 1%';"

    table = SqlDataset(url=SHOP, query=query).table()

    assert table["words"].unique().to_pylist() == ["10:30; 5%"]
    assert table.num_rows == 32


def test_a_table_comes_in_the_order_of_its_key(tmp_path: Path, shop: Path) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute("CREATE TABLE codes (code TEXT PRIMARY KEY, value INT)")
        connection.executemany("INSERT INTO codes VALUES (?, ?)", [("c", 1), ("a", 2), ("b", 3)])

    assert SqlDataset(url=SHOP, from_table="codes").table()["code"].to_pylist() == ["a", "b", "c"]


def test_the_fingerprint_follows_from_the_rows(shop: Path) -> None:
    def fingerprint() -> str:
        return SqlDataset(url=SHOP, from_table="customers").fingerprint()

    before = fingerprint()
    assert fingerprint() == before
    with sqlite3.connect(shop) as connection:
        connection.execute("UPDATE customers SET age = age + 1 WHERE id = 7")
    assert fingerprint() != before


def test_rows_are_the_ones_that_the_fingerprint_stands_for(shop: Path) -> None:
    data = SqlDataset(url=SHOP, from_table="customers")
    data.fingerprint()
    with sqlite3.connect(shop) as connection:
        connection.execute("DELETE FROM customers")

    assert data.table().num_rows == 120
    with pytest.raises(UserError, match="no rows"):
        data.table()


def test_progress_is_told_while_reading(shop: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
        "SELECT i, CASE WHEN i > 20000 THEN i + 0.5 END AS late FROM n"
    )

    table = SqlDataset(url=SHOP, query=query).table(lambda *step: told.append(step))

    assert told == [(10_000, None, "rows"), (20_000, None, "rows"), (25_000, None, "rows")]
    assert table.schema.field("late").type == pa.float64()
    assert table["late"].null_count == 20_000


@pytest.mark.parametrize(
    "source",
    [
        {"query": "SELECT *, '10:30 5%' AS words FROM numbers -- as they are"},
        {"from_table": "numbers"},
    ],
)
def test_a_long_result_is_counted_so_that_the_time_left_is_known(
    source: dict[str, str], numbers: int
) -> None:
    told: list[tuple[int, int | None, str]] = []

    SqlDataset(url=SHOP, **source).fingerprint(lambda *step: told.append(step))

    assert [total for _, total, _ in told] == [None] * 9 + [numbers] * (len(told) - 9)
    assert told[-1] == (numbers, numbers, "rows")


def test_a_run_shows_that_it_reads_for_the_fingerprint(numbers: int) -> None:
    shown: list[Progress] = []
    monitor = Monitor()
    monitor.progress = shown.append  # type: ignore[method-assign]
    plugins = load_plugins()
    settings = ["dataset=sql", f"dataset.url={SHOP}", "dataset.from_table=numbers"]
    config = compose(None, [*settings, "dataset.target=[odd]", "model=linear"], plugins)

    execute(config, plugins, monitor)

    assert shown[0].stage == "prepare"
    places = [each.place for each in shown if not each.place.endswith(" s")]  # no mere seconds
    assert "rows" in places[0]


def test_a_database_that_may_not_be_written_is_read(shop: Path) -> None:
    shop.chmod(0o400)

    assert SqlDataset(url=SHOP, from_table="customers").table().num_rows == 120


def test_a_whole_run_reads_from_a_database(shop: Path, mlfw_here: Mlfw) -> None:
    settings = ["dataset=sql", f"dataset.url={SHOP}", "dataset.from_table=customers"]

    result = mlfw_here("run", *settings, "dataset.target=[churned]", "model=tree", "run.name=a")

    assert result.returncode == 0, result.stderr
    assert "churned" in result.stdout


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        ([2**70, 1], pa.float64(), 2.0**70),
        ([Decimal("1.50"), None], pa.decimal128(3, 2), Decimal("1.50")),
        ([Decimal("NaN"), Decimal(1)], pa.float64(), None),
        ([{"a": 1}, None], pa.string(), '{"a": 1}'),
        ([memoryview(b"x"), None], pa.binary(), b"x"),
        ([1, "a"], pa.string(), "1"),
        ([1, 2.5], pa.float64(), 1.0),
        ([None, None], pa.null(), None),
    ],
)
def test_values_of_a_column_find_one_type(
    values: list[object], kind: pa.DataType, first: object
) -> None:
    from mlfw_sql.columns import to_array

    array = to_array(values)

    assert array.type == kind
    if first is not None:
        assert array[0].as_py() == first
