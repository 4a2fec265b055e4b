"""Models as one SELECT statement, for any table of a database.

The statement is made from a model's ONNX graph. `graph` runs the graph on one row whose values are
SQL expressions: what shapes tensors is done by NumPy, and only what computes with values becomes
SQL. The statement uses what SQLite, DuckDB and PostgreSQL have in common.
"""

from __future__ import annotations

from mlfw_sql.select.deployer import Sql

__all__ = ["Sql"]
