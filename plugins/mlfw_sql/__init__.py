"""Databases: rows from any that SQLAlchemy reaches, and models as statements for them."""

from __future__ import annotations

import mlfw
from mlfw_sql.dataset import SqlDataset
from mlfw_sql.select import Sql


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register the data set that is a database."""
    return {"sql": SqlDataset}


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports models in SQL."""
    return {"sql": Sql}


__all__ = ["SqlDataset"]
