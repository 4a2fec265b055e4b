"""A query takes no more rows, seconds and memory than it may, and makes no file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mlfw import LoadContext, Splits, UserError
from mlfw_sql import SqlDataset

SHOP = "sqlite:///shop.db"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.mark.parametrize(
    "source", [{"from_table": "customers"}, {"query": "SELECT * FROM customers ORDER BY id"}]
)
def test_so_many_rows_are_read_as_is_said_and_that_is_said(
    source: dict[str, str], shop: Path
) -> None:
    data = SqlDataset(url=SHOP, **source, target=["churned"], limit_rows=50)

    assert data.table()["id"].to_pylist() == [*range(1, 51)]
    splits = data.load(LoadContext())
    assert isinstance(splits, Splits)
    (note,) = [f for f in splits.findings if f.check == "reading" and "first" in f.message]
    assert "the first 50 rows" in note.message
    assert "dataset.limit_rows=null" in note.remedy


def test_a_limit_that_is_not_reached_is_not_told_of(shop: Path) -> None:
    data = SqlDataset(url=SHOP, from_table="customers", target=["churned"], limit_rows=120)

    splits = data.load(LoadContext())

    assert isinstance(splits, Splits)
    assert not any("rows of" in finding.message for finding in splits.findings)


@pytest.mark.parametrize("query", [f"{ENDLESS} count(*) FROM n", f"{ENDLESS} i FROM n"])
def test_a_query_without_end_is_ended(query: str, shop: Path) -> None:
    began = time.monotonic()

    with pytest.raises(UserError, match=r"(?s)limit_seconds.* 0\.5 s.*dataset\.limit_seconds=1"):
        SqlDataset(url=SHOP, query=query, limit_seconds=0.5).table()

    assert time.monotonic() - began < 60


def test_more_bytes_than_allowed_end_the_reading(shop: Path) -> None:
    query = f"{ENDLESS} i, 'some words to fill the memory with' FROM n"

    with pytest.raises(UserError, match=r"(?s)dataset\.limit_bytes=1000000.*dataset\.limit_rows="):
        SqlDataset(url=SHOP, query=query, limit_bytes=1_000_000).table()


def test_one_huge_value_ends_the_reading(shop: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)one value .*dataset\.limit_bytes=1000000000"):
        SqlDataset(url=SHOP, query="SELECT zeroblob(900000000)", limit_bytes=10_000_000).table()


def test_a_few_bytes_are_no_reason_to_say_that_there_is_no_database(shop: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)take \d+ bytes, more than .*limit_rows="):
        SqlDataset(url=SHOP, from_table="customers", limit_bytes=10).table()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///file:new.db?mode=rwc&uri=true",
        "sqlite:///new.db?mode=rwc",
        "sqlite:///file:new.db?uri=true",
        "sqlite:///file:new%2Edb?mode=rw&uri=true",
    ],
)
def test_no_url_makes_a_file(url: str, shop: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        SqlDataset(url=url, from_table="customers").table()

    assert [path.name for path in shop.parent.glob("*.db")] == ["shop.db"]


@pytest.mark.parametrize("url", ["sqlite:///file:shop.db?mode=rwc&uri=true", f"{SHOP}?mode=rwc"])
def test_a_url_that_may_write_reads_only(url: str, shop: Path) -> None:
    before = shop.read_bytes()

    assert SqlDataset(url=url, from_table="customers").table().num_rows == 120
    with pytest.raises(UserError, match="readonly"):
        SqlDataset(url=url, query="WITH x AS (SELECT 1) DELETE FROM customers").table()
    assert shop.read_bytes() == before


@pytest.mark.parametrize("mode", ["?mode=memory&uri=true", "?uri=true"])
def test_a_database_in_memory_is_refused(mode: str, shop: Path) -> None:
    name = "shop.db" if "memory" in mode else ":memory:"
    with pytest.raises(UserError, match="in memory"):
        SqlDataset(url=f"sqlite:///file:{name}{mode}", from_table="customers").table()
