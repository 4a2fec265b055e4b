"""Which driver a database needs, and what to type to get it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.errors import did_you_mean
from mlfw.hints import install

if TYPE_CHECKING:
    from sqlalchemy import URL

PREFERRED = {
    "postgresql": ("psycopg", "psycopg2"),
    "mysql": ("pymysql", "MySQLdb"),
    "mariadb": ("pymysql", "MySQLdb"),
}
PACKAGES = {
    "psycopg": "mlfw[postgresql]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "cx_Oracle": "cx_Oracle",
}
DIALECTS = {
    "access": "sqlalchemy-access",
    "awsathena": "PyAthena[SQLAlchemy]",
    "bigquery": "sqlalchemy-bigquery",
    "clickhouse": "clickhouse-sqlalchemy",
    "cockroachdb": "sqlalchemy-cockroachdb",
    "databricks": "databricks-sqlalchemy",
    "duckdb": "duckdb-engine",
    "firebird": "sqlalchemy-firebird",
    "hana": "sqlalchemy-hana",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "teradatasql": "teradatasqlalchemy",
    "trino": "trino[sqlalchemy]",
}


def preferred(url: URL) -> str:
    """Return the driver for a URL that names none, where mlfw prefers another than SQLAlchemy.

    The first one is preferred unless only the second is installed; empty for no preference.
    """
    modules = PREFERRED.get(url.drivername)
    if modules is None:
        return ""
    first, second = modules
    only_second = find_spec(first) is None and find_spec(second) is not None
    return (second if only_second else first).lower()


def missing_driver(url: URL, module: str) -> UserError:
    """Return the error for a driver that is not installed, with what to type."""
    package = PACKAGES.get(module.partition(".")[0], module.partition(".")[0])
    return UserError(
        f"dataset.url: the driver for {url.get_backend_name()} is not installed: {module}.",
        f"Type: {install(package)}",
    )


def unknown_dialect(url: URL) -> UserError:
    """Return the error for a kind of database or a driver that SQLAlchemy does not know."""
    from sqlalchemy import dialects

    backend, _, driver = url.drivername.partition("+")
    if driver and backend in dialects.__all__:
        return UserError(
            f"dataset.url: '{driver}' is no known driver for {backend}.",
            f"Leave it out: {backend}://...",
        )
    if backend in DIALECTS:
        return UserError(
            f"dataset.url: the driver for {backend} is not installed.",
            f"Type: {install(DIALECTS[backend])}",
        )
    return UserError(
        f"dataset.url: '{backend}' is no known kind of database.",
        did_you_mean(backend, [*dialects.__all__, *DIALECTS]),
    )
