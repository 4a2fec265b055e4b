"""What is known of a run's data: how many rows, which columns, what the checks have found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw.components import RowSplits
from mlfw.components.splits import SPLIT_NAMES, TRAIN
from mlfw.schema import Column, Kind

if TYPE_CHECKING:
    import pyarrow as pa


def data_report(splits: RowSplits) -> dict[str, Any]:
    """Return what is known of divided rows, as JSON data.

    Returns:
        `rows`: how many a split has; `columns`: name, role, kind and what the training rows hold:
        the share that is missing, the range and mean of numbers, the range of dates, the number
        of categories or classes; `findings`: what the checks have found.
    """
    schema = splits.schema
    columns = {column.name: _described(column, "input") for column in schema.columns}
    for target in schema.targets:
        columns[target.name] = _described(target.column, "target")
        columns[target.name] |= {"task": target.task.value, "classes": list(target.classes)}
        if target.positive:
            columns[target.name]["positive"] = target.positive
    rows = {split: splits.count(split) for split in SPLIT_NAMES}
    kinds = {column.name: column.kind for column in schema.columns}
    kinds |= {target.name: target.column.kind for target in schema.targets}
    _measure(splits, kinds, columns, rows[TRAIN])
    return {
        "rows": rows,
        "columns": list(columns.values()),
        "findings": [finding.to_json() for finding in splits.findings],
    }


def _described(column: Column, role: str) -> dict[str, Any]:
    known: dict[str, Any] = {"name": column.name, "role": role, "kind": column.kind.value}
    if column.kind is Kind.category and column.categories:
        known["categories"] = len(column.categories)
    return known


def _measure(
    splits: RowSplits, kinds: dict[str, Kind], columns: dict[str, dict[str, Any]], rows: int
) -> None:
    """Add what the training rows hold, batch by batch, so that they need not fit into memory."""
    measures = {name: _Measure() for name in kinds}
    for batch in splits.batches(TRAIN, list(kinds)):
        for name, values in zip(batch.column_names, batch.columns, strict=True):
            measures[name].add(values, kinds[name])
    for name, kind in kinds.items():
        columns[name] |= measures[name].result(kind, rows)


class _Measure:
    """What a column holds, summed up batch by batch."""

    def __init__(self) -> None:
        self.missing = 0
        self.total = 0.0
        self.least: Any = None
        self.most: Any = None

    def add(self, values: pa.ChunkedArray, kind: Kind) -> None:
        """Take the next rows into account."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self.missing += values.null_count
        if not (pa.types.is_primitive(values.type) and kind in (Kind.number, Kind.datetime)):
            return
        found = pc.min_max(values).as_py()
        if found["min"] is None:
            return
        self.least = found["min"] if self.least is None else min(self.least, found["min"])
        self.most = found["max"] if self.most is None else max(self.most, found["max"])
        if kind is Kind.number:
            self.total += float(pc.sum(values).as_py())

    def result(self, kind: Kind, rows: int) -> dict[str, Any]:
        """Return the share that is missing, and the range and mean where there are such."""
        known: dict[str, Any] = {"missing": self.missing / max(rows, 1)}
        if self.least is not None:
            shown = str if kind is Kind.datetime else float
            known |= {"min": shown(self.least), "max": shown(self.most)}
            if kind is Kind.number:
                known["mean"] = self.total / (rows - self.missing)
        return known
