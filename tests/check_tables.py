"""Tables for the tests of the checks: a clean one, and one with each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from mlfw import Action, LoadContext, Split, Splits
from mlfw.components.dataset import Progress, silent
from mlfw_tabular import TableDataset
from mlfw_tabular.checks import CHECKS, check_rows, check_splits

ROWS = 240
DAY = 86_400_000_000


@dataclass(kw_only=True)
class Held(TableDataset):
    """A data set of rows that are given as they are."""

    rows: Any = None
    target: list[str] = field(default_factory=lambda: ["y"])

    def table(self, progress: Progress = silent) -> pa.Table:
        return self.rows

    def place(self) -> str:
        return "the table"

    def fingerprint(self, progress: Progress = silent) -> str:
        return ""


def clean(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """Return rows of all kinds of columns, with a target that follows from none of them."""
    random = np.random.default_rng(seed)
    words = np.array(["red", "green", "blue"])
    start = np.datetime64("2019-01-01", "us").astype(np.int64)
    return pa.table(
        {
            "size": random.normal(10, 3, rows),
            "price": pa.array(
                np.round(random.normal(0, 1, rows), 1), mask=random.random(rows) < 0.1
            ),
            "count": random.poisson(6, rows).astype(float),
            "colour": words[random.permutation(np.arange(rows) % 3)],
            "fresh": random.permutation(np.arange(rows) % 2).astype(bool),
            "seen": pa.array(start + random.integers(0, 900, rows) * DAY).cast(pa.timestamp("us")),
            "y": np.array(["no", "yes"])[random.permutation(np.arange(rows) % 2)],
        }
    )


def with_column(name: str, values: Any, table: pa.Table | None = None) -> pa.Table:
    """Return the clean table with one column more, or another in its place."""
    table = clean() if table is None else table
    column = values if isinstance(values, pa.Array) else pa.array(values)
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, column)
    return table.add_column(0, name, column)


def changed(name: str, rows: Any, value: Any) -> pa.Table:
    """Return the clean table with another value in some rows of a column."""
    values = clean()[name].to_pylist()
    for row in rows:
        values[row] = value
    return with_column(name, pa.array(values, clean()[name].type))


def _labels() -> pa.Array:
    return pa.array(["yes" if i % 20 else "no" for i in range(ROWS)])


def _drifted() -> pa.Table:
    return clean()


WRONG: dict[str, tuple[Callable[[], pa.Table], str]] = {
    "missing_target": (lambda: changed("y", range(3), None), "y"),
    "mixed_types": (
        lambda: with_column(
            "mixed",
            [str(i * 7 % 50) if i % 15 else f"none {chr(97 + i // 15)}" for i in range(ROWS)],
        ),
        "mixed",
    ),
    "infinities": (lambda: changed("size", range(4), float("inf")), "size"),
    "constant": (lambda: with_column("same", ["x"] * ROWS), "same"),
    "identifiers": (lambda: with_column("id", [i + 100 for i in range(ROWS)]), "id"),
    "spellings": (lambda: changed("y", range(12), "YES"), "y"),
    "duplicates": (lambda: pa.concat_tables([clean(), clean().slice(0, 6)]), ""),
    "rare_classes": (lambda: changed("y", range(3), "perhaps"), "y"),
    "imbalance": (lambda: with_column("y", _labels()), "y"),
    "leaks": (
        lambda: with_column(
            "code", [{"yes": "1A", "no": "2B"}[v] for v in clean()["y"].to_pylist()]
        ),
        "code",
    ),
    "overlap": (lambda: pa.concat_tables([clean(), clean().slice(0, 60)]), ""),
    "future_dates": (
        lambda: changed("seen", range(30), np.datetime64("2999-01-01", "us").item()),
        "seen",
    ),
    "outliers": (lambda: changed("size", range(12), 5000.0), "size"),
    "drift": (clean, "size"),
    "unseen": (lambda: with_column("town", [f"town {i // 2}" for i in range(ROWS)]), "town"),
    "unseen_classes": (clean, "y"),
}


def load(check: str, action: str, table: pa.Table | None = None, **options: Any) -> Splits:
    """Load the table that is wrong in one way, with only the check for it under way."""
    rows = WRONG[check][0]() if table is None else table
    checks = {"all": Action.off, check: Action(action)}
    dataset = Held(rows=rows, **options)
    splits = replace(dataset, checks={"all": Action.off}).load(LoadContext())
    if check == "drift":
        size = splits.test.column_names.index("size")
        moved = pa.array(np.asarray(splits.test["size"]) + 9.0)
        splits = splits.replace(test=splits.test.set_column(size, "size", moved))
        return check_splits(splits, checks, LoadContext())
    if check == "unseen_classes":
        own = splits.test.column_names.index("y")
        words = pa.array(["perhaps"] * 4 + splits.test["y"].to_pylist()[4:])
        splits = splits.replace(test=splits.test.set_column(own, "y", words))
        return check_splits(splits, checks, LoadContext())
    return replace(dataset, checks=checks).load(LoadContext())


def again(check: str, splits: Splits, split: Split | None = None) -> tuple[str, ...]:
    """Return what the check says of what it has mended."""
    context = LoadContext(split=split or Split())
    checks = {"all": Action.off, check: Action.warn}
    if check in ("overlap", "future_dates", "outliers", "drift", "unseen", "unseen_classes"):
        found = check_splits(splits.replace(findings=()), checks, context).findings
    else:
        parts = [splits.train, splits.validation, splits.test]
        balanced = bool(splits.schema.targets[0].weights)
        table = pa.concat_tables(parts)
        found = check_rows(table, splits.schema, checks, context, balanced=balanced).findings
    return tuple(finding.message for finding in found)


NAMES = tuple(CHECKS)
