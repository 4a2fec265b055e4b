"""What the checks note of streamed rows, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Action, Kind, LoadContext, Schema
from mlfw_tabular.checks.constant import Constant
from mlfw_tabular.checks.identifiers import (
    KINDS,
    LEAST_ROWS,
    Identifiers,
    may_name_rows,
    share_of,
)
from mlfw_tabular.checks.naming import UNIQUE
from mlfw_tabular.checks.numbers import Infinities
from mlfw_tabular.checks.outcome import Outcome
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.same_rows import lasting_hashes
from mlfw_tabular.streaming.column_stats import ColumnStats, lowest_hashes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_ROWS = 100_000
SPLIT = "__split__"


class CheckAccumulator:
    """Looks at the rows that go by, and makes infinite numbers missing where that is asked for.

    It keeps a sample of rows whose hash is among the lowest, so that rows that are the same are all
    in it or none of them, in whichever parts they stand.

    Args:
        schema: What the rows are.
        counts: Whether infinite numbers are looked for.
        mends: Whether they are made missing.
        group: The column that rows are divided by in groups; empty for none.
        candidates: Columns that may be constant or name the rows; see `ColumnStats`.
        total: How many rows there are in all parts.

    Attributes:
        rows: How many rows went by that have a target.
        lost: How many rows went by that have none.
        infinite: How many infinite numbers columns hold.
        stats: What is known of columns that may be constant or name the rows, by name.
        whole: Whether the sample is all rows.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        counts: bool,
        mends: bool,
        group: str,
        candidates: Mapping[str, float],
        total: int,
    ) -> None:
        self.rows = self.lost = 0
        self.infinite: Counter[str] = Counter()
        self.stats = {
            name: ColumnStats(schema.column(name), total, share)
            for name, share in candidates.items()
        }
        self.whole = total <= MOST_ROWS
        self._schema = schema
        self._mends, self._counts = mends, counts
        self._group = group
        self._limit = lowest_hashes(MOST_ROWS, total)
        self._chosen: list[pa.Table] = []
        self._splits: list[np.ndarray] = []

    def mended(self, rows: pa.Table) -> pa.Table:
        """Return rows with infinite numbers made missing, where that is asked for."""
        import pyarrow as pa
        import pyarrow.compute as pc

        numbers = [c for c in self._schema.columns if c.kind is Kind.number]
        for column in numbers if self._counts else ():
            values = rows[column.name]
            infinite = pc.is_inf(values)
            found = pc.sum(infinite).as_py() or 0
            self.infinite[column.name] += found
            if found and self._mends:
                values = pc.if_else(infinite, pa.scalar(None, values.type), values)
                rows = rows.set_column(rows.column_names.index(column.name), column.name, values)
        return rows

    def see(self, rows: pa.Table, split: np.ndarray, group: pa.ChunkedArray | None) -> None:
        """Look at rows.

        Args:
            rows: Rows in storage types.
            split: Where they belong, 0, 1 or 2, or -1 where they are left out [rows].
            group: Their groups, if they are divided by groups.
        """
        import pyarrow as pa

        used = split >= 0
        for name, stats in self.stats.items():
            stats.add(rows[name].filter(pa.array(used)).combine_chunks())
        self.rows += int(used.sum())
        if not self.whole:
            hashes = lasting_hashes([values.combine_chunks() for values in rows.columns])
            used &= hashes <= self._limit
        some = _small(rows.filter(pa.array(used)))
        if group is not None:
            some = some.append_column(self._group, group.filter(pa.array(used)))
        self._chosen.append(some)
        self._splits.append(split[used])

    @property
    def sampled(self) -> int:
        """How many rows the sample has."""
        return sum(table.num_rows for table in self._chosen)

    def sample(self) -> tuple[pa.Table, np.ndarray]:
        """Return the rows of the sample, and where they belong, 0, 1 or 2 [rows]."""
        import numpy as np
        import pyarrow as pa

        table = pa.concat_tables(self._chosen).unify_dictionaries().combine_chunks()
        return table, np.concatenate(self._splits)

    def to_json(self, file: Path) -> dict[str, Any]:
        """Return what was noted as JSON data, and write the sample into an Arrow file."""
        import pyarrow as pa

        table, split = self.sample()
        table = table.append_column(SPLIT, pa.array(split.astype("int8")))
        with pa.ipc.new_file(str(file), table.schema) as out:
            out.write_table(table)
        return {
            "rows": self.rows,
            "lost": self.lost,
            "infinite": dict(self.infinite),
            "stats": {name: stats.to_json() for name, stats in self.stats.items()},
            "sample": str(file),
        }

    def join(self, noted: Mapping[str, Any]) -> None:
        """Add what was noted of the part that follows; see `to_json`."""
        import numpy as np
        import pyarrow as pa

        self.rows += noted["rows"]
        self.lost += noted["lost"]
        self.infinite.update(noted["infinite"])
        for name, stats in self.stats.items():
            stats.join(noted["stats"][name])
        with pa.ipc.open_file(noted["sample"]) as file:
            table = file.read_all()
        self._splits.append(np.asarray(table[SPLIT].combine_chunks()))
        self._chosen.append(table.drop_columns([SPLIT]))


def check_options(
    schema: Schema,
    first: pa.Table,
    outcome: Outcome,
    context: LoadContext,
    *,
    chosen: Collection[str],
    total: int,
) -> dict[str, Any]:
    """Return the arguments of a `CheckAccumulator`, as JSON data.

    Args:
        schema: What the rows are.
        first: A sample of them.
        outcome: Which checks are to look and to mend.
        context: How the rows are divided.
        chosen: Columns whose kind the user has named.
        total: How many rows there are.
    """
    return {
        "counts": outcome.looks(Infinities()),
        "mends": outcome.action(Infinities()) is Action.fix,
        "group": context.split.group or "",
        "candidates": _candidates(schema, first, outcome, context, chosen),
        "total": total,
    }


def _candidates(
    schema: Schema, first: pa.Table, outcome: Outcome, context: LoadContext, chosen: Collection[str]
) -> dict[str, float]:
    """Return the columns that may be constant or name the rows, as far as a sample tells.

    Each comes with the share of its values that differ where it only names the rows.
    """
    rows = replace(Rows.of(first, schema), context=context)
    shares: dict[str, float] = {}
    if outcome.looks(Constant()):
        shares |= {problem.column: UNIQUE for problem in Constant().find(rows)}
    if outcome.looks(Identifiers()) and rows.count >= LEAST_ROWS:
        shares |= {
            column.name: share_of(column.kind, values)
            for column, values in rows.of_kind(*KINDS)
            if column.name not in chosen and may_name_rows(column.kind, values)
        }
    return shares


def _small(rows: pa.Table) -> pa.Table:
    """Return rows with a number in the place of what may be as large as an image."""
    import numpy as np
    import pyarrow as pa

    for place, name in enumerate(rows.column_names):
        if pa.types.is_binary(rows[name].type) or pa.types.is_large_binary(rows[name].type):
            hashes = lasting_hashes([rows[name].combine_chunks()])
            rows = rows.set_column(place, name, pa.array(hashes.view(np.int64)))
    return rows
