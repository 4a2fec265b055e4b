"""Tables: reading them, inferring their schema, dividing and preparing them.

Plugins may build on `TableDataset` (any source that is one table), `FileDataset` (one that is a
file) and `Preprocessor` (typed columns to numbers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw
from mlfw_tabular import hookspecs
from mlfw_tabular.csv import Csv
from mlfw_tabular.excel import Excel
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.memory import memory_bytes
from mlfw_tabular.parquet import Parquet
from mlfw_tabular.prepare import Features, Preprocessor
from mlfw_tabular.table_dataset import TableDataset

if TYPE_CHECKING:
    from types import ModuleType


@mlfw.hookimpl
def mlfw_hookspecs() -> ModuleType:
    """Add the hook for encoders."""
    return hookspecs


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register the data sets that are files."""
    return {"csv": Csv, "parquet": Parquet, "jsonl": JsonLines, "excel": Excel}


__all__ = ["Features", "FileDataset", "Preprocessor", "TableDataset", "memory_bytes"]
