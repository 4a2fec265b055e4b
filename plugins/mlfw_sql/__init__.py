"""Databases: the rows of a table or of a query, from any database that SQLAlchemy reaches."""

from __future__ import annotations

import mlfw
from mlfw_sql.dataset import SqlDataset


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register the data set that is a database."""
    return {"sql": SqlDataset}


__all__ = ["SqlDataset"]
