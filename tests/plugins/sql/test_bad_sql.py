"""Mistakes with a database end with exit code 2 and name what is wrong and the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from conftest import Mlfw
from data_mistake import message_of
from mlfw import UserError
from mlfw_sql import SqlDataset
from mlfw_sql.secrets import holds_secret, redact
from mlfw_sql.statement import check_reads

SHOP = "dataset.url=sqlite:///shop.db"
TABLE = "dataset.from_table=customers"
WRITTEN = "postgresql://me:hunter2@localhost/shop"

MISTAKES = {
    "no URL": ([TABLE], ["dataset.url", "sqlite:///", "${oc.env:DATABASE_URL}"]),
    "no URL at all": (["dataset.url=shop.db", TABLE], ["dataset.url", "not a database URL"]),
    "neither table nor query": ([SHOP], ["dataset.from_table", "neither"]),
    "both table and query": (
        [SHOP, TABLE, "dataset.query=SELECT 1"],
        ["dataset.query", "dataset.from_table", "both"],
    ),
    "a table gone": (
        [SHOP, "dataset.from_table=custmers"],
        ["'custmers'", "Did you mean 'customers'?", "members"],
    ),
    "an empty table": ([SHOP, "dataset.from_table=empty"], ["empty", "no rows"]),
    "a query on a table gone": (
        [SHOP, "dataset.query=SELECT * FROM custmers"],
        ["no such table: custmers", "'customers'"],
    ),
    "SQL that fails": (
        [SHOP, "dataset.query=SELEC * FROM customers"],
        ["dataset.query", "expected a SELECT", "SELEC"],
    ),
    "SQL that the database refuses": (
        [SHOP, "dataset.query=SELECT agee FROM customers"],
        ["dataset.query", "no such column: agee"],
    ),
    "a query that returns nothing": (
        [SHOP, "dataset.query=SELECT * FROM customers WHERE id < 0"],
        ["dataset.query", "no rows", "WHERE"],
    ),
    "two columns of one name": (
        [SHOP, "dataset.query='SELECT a.age, b.age FROM customers a, customers b'"],
        ["2 columns named 'age'", "AS a_age"],
    ),
    "a statement that changes": (
        [SHOP, "dataset.query=INSERT INTO customers (id) VALUES (1000)"],
        ["dataset.query", "expected a SELECT, found INSERT"],
    ),
    "two statements": (
        [SHOP, "dataset.query=SELECT 1; DROP TABLE customers"],
        ["dataset.query", "';'"],
    ),
    "a file that is not there": (
        ["dataset.url=sqlite:///shopp.db", TABLE],
        ["shopp.db", "no such file", "current folder"],
    ),
    "a folder": (["dataset.url=sqlite:///.", TABLE], ["dataset.url", "is a folder"]),
    "no database": (["dataset.url=sqlite:///notes.db", TABLE], ["file is not a database"]),
    "a database in memory": (["dataset.url=sqlite://", TABLE], ["in memory"]),
    "an unknown kind of database": (["dataset.url=sqlit:///x", TABLE], ["'sqlit'", "'sqlite'"]),
    "a database without its driver": (
        ["dataset.url=duckdb:///x.db", TABLE],
        ['pip install "duckdb-engine"'],
    ),
    "a driver that is missing": (
        ["dataset.url=mysql://u@localhost/shop", TABLE],
        ["mysql", "not installed", 'pip install "pymysql"'],
    ),
    "an unknown driver": (
        ["dataset.url=postgresql+psycopgg://u@h/d", TABLE],
        ["'psycopgg'", "postgresql://"],
    ),
    "a written password": (
        [f"dataset.url={WRITTEN}", TABLE],
        ["dataset.url", "password", "export DATABASE_URL", "${oc.env:DATABASE_URL}"],
    ),
    "a password as a variable's default": (
        [f"dataset.url='${{oc.env:NOT_SET,{WRITTEN}}}'", TABLE],
        ["password"],
    ),
    "a variable that is not set": (
        ["dataset.url=${oc.env:NO_SUCH_VARIABLE}", TABLE],
        ["dataset.url", "NO_SUCH_VARIABLE is not set"],
    ),
    "a missing target": ([SHOP, TABLE, "dataset.target=[churn]"], ["'churn'", "'churned'"]),
}

BY_COMMAND = (
    "a table gone",
    "a query on a table gone",
    "both table and query",
    "a statement that changes",
    "a file that is not there",
    "a database without its driver",
    "a driver that is missing",
    "a written password",
    "a password as a variable's default",
    "a variable that is not set",
)


@pytest.mark.parametrize("mistake", BY_COMMAND)
def test_a_mistake_is_answered_with_place_and_remedy(
    mistake: str, shop: Path, mlfw_here: Mlfw
) -> None:
    settings, expected = MISTAKES[mistake]

    result = mlfw_here("run", "dataset=sql", "dataset.target=[churned]", "model=tree", *settings)

    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    for fragment in expected:
        assert fragment in result.stderr
    assert "hunter2" not in result.stderr.partition("\n")[0].replace(WRITTEN, "")
    assert not (shop.parent / "shopp.db").exists()
    files = [path for path in (shop.parent / "runs").rglob("*") if path.is_file()]
    assert not any(b"hunter2" in path.read_bytes() for path in files)
    with sqlite3.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (120,)


@pytest.mark.parametrize("mistake", sorted(MISTAKES.keys() - set(BY_COMMAND)))
def test_what_is_wrong_is_told_before_anything_is_learnt(mistake: str, shop: Path) -> None:
    settings, expected = MISTAKES[mistake]
    (shop.parent / "notes.db").write_text("These are notes, and no database at all. " * 50)

    message = message_of(SqlDataset, settings, target=["churned"])

    for fragment in expected:
        assert fragment in message
    with sqlite3.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (120,)


def test_a_password_is_refused_in_a_configuration_file_too(shop: Path, mlfw_here: Mlfw) -> None:
    Path("run.yaml").write_text(f"dataset: {{use: sql, url: '{WRITTEN}', from_table: customers}}")

    for command in ("run", "config"):
        result = mlfw_here(command, "run.yaml", "dataset.target=[churned]")

        assert result.returncode == 2
        assert "hunter2" not in result.stdout + result.stderr
    assert not Path("runs").exists()


def test_a_database_is_never_changed_even_where_the_statement_looks_like_reading(
    shop: Path,
) -> None:
    query = "WITH x AS (SELECT 1) UPDATE customers SET age = 1"

    with pytest.raises(UserError, match="readonly"):
        SqlDataset(url="sqlite:///shop.db", query=query).table()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "  -- the first; of two\n/* and; more */ (select 1);",
        "WITH a AS (SELECT ';') SELECT * FROM a",
        'SELECT "a;b" FROM t',
        "SELECT \"into\", 'into', t.into_day FROM t -- into",
    ],
)
def test_a_query_that_reads_is_accepted(query: str) -> None:
    if "/*" in query:
        with pytest.raises(UserError):
            check_reads(query)
    else:
        check_reads(query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "-- SELECT 1",
        "DROP TABLE t",
        "/* SELECT */ DELETE FROM t",
        "EXPLAIN ANALYZE DELETE FROM t",
        "SELECT 1; DELETE FROM t",
        "SELECT 1 -- '\n; DELETE FROM t -- '",
        "SELECT '\\'; DELETE FROM t -- '",
        "SELECT $$'$$; DELETE FROM t; SELECT $$'$$",
        "COPY t TO PROGRAM 'rm'",
        "CALL p()",
        "PRAGMA writable_schema = 1",
        "SELECT * INTO copied FROM t",
        "SELECT 1\nINTO OUTFILE '/tmp/x'",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT 1",
    ],
)
def test_a_query_that_may_change_something_is_refused(query: str) -> None:
    with pytest.raises(UserError, match=r"dataset\.query"):
        check_reads(query)


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("${oc.env:DATABASE_URL}", False),
        ("postgresql://me:${oc.env:PASSWORD}@h/d", False),
        ("postgresql://${oc.env:USER}:${oc.env:PASSWORD}@h/d?passfile=/x", False),
        ("postgresql://me@h:5432/d", False),
        ("sqlite:///shop.db", False),
        ("postgresql://me:a@h/d", True),
        ("postgresql://me:a${oc.env:REST}@h/d", True),
        ("postgresql://${oc.env:USER}:a@h/d", True),
        ("postgresql://h/d?user=me&password=a", True),
        ("mssql+pyodbc:///?odbc_connect=UID%3Dme%3BPWD%3Da", True),
        ("${oc.env:X,postgresql://me:a@h/d}", True),
    ],
)
def test_a_secret_is_found_in_what_is_written(written: str, held: bool) -> None:
    assert holds_secret(written) is held


@given(st.text(min_size=1).filter(str.strip), st.sampled_from(["password", "option"]))
def test_a_redacted_message_holds_no_password(password: str, where: str) -> None:
    url = URL.create("postgresql", "me", host="h", database="d")
    if where == "password":
        url = url.set(password=password)
    else:
        url = url.update_query_dict({"password": password})
    full = url.render_as_string(hide_password=False)

    assert full not in redact(f"cannot open {full}", url)
    assert set(redact(password, url)) == {"*"}
