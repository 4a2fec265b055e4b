"""The role that the README makes can read, and can do nothing else; a slow query is ended."""

from __future__ import annotations

import re

import psycopg
import pytest
from sqlalchemy import URL

from conftest import ROOT
from mlfw import UserError
from mlfw_sql import SqlDataset

from .conftest import PASSWORD, Server

STATEMENTS = re.compile(r"^```sql\n(CREATE ROLE.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def reader(postgresql: Server) -> str:
    """Make the README's role in a database `shop`; the URL of it."""
    (text,) = STATEMENTS.findall((ROOT / "README.md").read_text())
    with postgresql.connect() as connection:
        connection.autocommit = True
        connection.execute("CREATE DATABASE shop")
    address = {"host": "127.0.0.1", "port": postgresql.port, "dbname": "shop"}
    with psycopg.connect(**address, user="mlfw", password=PASSWORD) as connection:
        connection.execute("CREATE TABLE customers AS SELECT generate_series(1, 50) AS id")
        for statement in filter(str.strip, text.split(";")):
            connection.execute(statement)
    url = URL.create("postgresql", "mlfw_reader", "PASSWORD", "127.0.0.1", postgresql.port, "shop")
    return url.render_as_string(hide_password=False)


def test_the_role_of_the_readme_reads_and_does_nothing_else(reader: str) -> None:
    assert SqlDataset(url=reader, from_table="customers").table().num_rows == 50
    for call in ("lo_export(1, '/tmp/mlfw-x')", "pg_read_file('/etc/hostname')"):
        with pytest.raises(UserError, match="permission denied"):
            SqlDataset(url=reader, query=f"SELECT {call}").table()


def test_a_slow_query_is_ended(postgresql: Server) -> None:
    with pytest.raises(UserError, match=r"limit_seconds.* 0\.5 s"):
        SqlDataset(url=postgresql.url(), query="SELECT pg_sleep(60)", limit_seconds=0.5).table()
