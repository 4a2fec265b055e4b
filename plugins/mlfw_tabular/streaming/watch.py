"""What the checks note while streamed rows are divided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

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
from mlfw_tabular.streaming.facts import Facts, lowest_hashes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_ROWS = 100_000


class Watch:
    """Looks at the rows that go by, and makes infinite numbers missing where that is asked for.

    It keeps a sample of rows whose hash is among the lowest, so that rows that are the same are all
    in it or none of them.

    Attributes:
        rows: How many rows went by that have a target.
        lost: How many rows went by that have none.
        infinite: How many infinite numbers columns hold.
        facts: What is known of columns that may be constant or name the rows, by name.
        whole: Whether the sample is all rows.
    """

    def __init__(
        self,
        schema: Schema,
        first: pa.Table,
        outcome: Outcome,
        context: LoadContext,
        *,
        chosen: Collection[str],
        total: int,
    ) -> None:
        """Begin to look.

        Args:
            schema: What the rows are.
            first: A sample of them.
            outcome: Which checks are to look and to mend.
            context: How the rows are divided.
            chosen: Columns whose kind the user has named.
            total: How many rows there are.
        """
        self.rows = self.lost = 0
        self.infinite: Counter[str] = Counter()
        self.facts = {
            name: Facts(schema.column(name), total, share)
            for name, share in _candidates(schema, first, outcome, context, chosen).items()
        }
        self.whole = total <= MOST_ROWS
        self._schema = schema
        self._mends = outcome.action(Infinities()) is Action.fix
        self._counts = outcome.looks(Infinities())
        self._group = context.split.group or ""
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
        for name, facts in self.facts.items():
            facts.add(rows[name].filter(pa.array(used)).combine_chunks())
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
