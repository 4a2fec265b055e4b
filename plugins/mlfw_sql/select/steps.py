"""The steps of a statement: common table expressions that add columns, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mlfw_sql.select.expressions import Expr, NoSqlError, identifier

MOST_COLUMNS = 1600  # of a step; PostgreSQL has 1,664 and SQLite 2,000
LARGEST_STATEMENT = 32_000_000  # bytes
SOURCE = "t"  # stands for the table that is read


@dataclass(frozen=True)
class Column:
    """A column that a step computes.

    Attributes:
        made: How it is computed.
        step: In which step, from 0.
    """

    made: Expr
    step: int


@dataclass
class Steps:
    """The columns computed so far.

    Every step is materialised: otherwise a database would put expressions into each other, and
    evaluate them as often as they are referred to.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _size: int = 0

    def column(self, made: Expr) -> Expr:
        """Return an expression as a column, which is computed once.

        Raises:
            NoSqlError: The statement becomes too long.
        """
        if made.atomic or made.indicator:
            return made
        if made.single:
            return replace(self.column(replace(made, single=False)), single=True)
        name = self._names.get(made.sql)
        if name is None:
            self._size += len(made.sql)
            if self._size > LARGEST_STATEMENT:
                raise NoSqlError(f"a statement of over {LARGEST_STATEMENT // 1_000_000} MB")
            name = self._names[made.sql] = f"x{len(self.columns) + 1}"
            self.columns[name] = Column(made, self.step(made))
        return replace(made, sql=name, columns=frozenset([name]), least=None)

    def step(self, made: Expr) -> int:
        """Return the first step that can compute an expression."""
        return max((self.columns[each].step + 1 for each in made.columns), default=0)

    def statement(self, table: str, keep: Sequence[str], outputs: dict[str, Expr]) -> str:
        """Return the whole statement.

        Args:
            table: The table it reads, as SQL.
            keep: Names of columns of the table to return first.
            outputs: The columns to return after them, by name.

        Raises:
            NoSqlError: There are too many columns.
        """
        needed, last = self._needed(outputs), max(map(self.step, outputs.values()), default=0)
        passed = {f"k{number}": name for number, name in enumerate(keep, 1)}
        parts = []
        for step in range(max(last, 1)):
            some = {n: c for n, c in self.columns.items() if n in needed and c.step == step}
            own = [f"{column.made.sql} AS {name}" for name, column in some.items()]
            if step:
                before = [n for n, end in needed.items() if self.columns[n].step < step <= end]
                fields = [*passed, *before, *own]
            else:
                fields = [f"{SOURCE}.{identifier(n)} AS {k}" for k, n in passed.items()] + own
            if len(fields) > MOST_COLUMNS:
                raise NoSqlError(f"a step of over {MOST_COLUMNS:,} columns")
            source = f"step_{step}" if step else f"{table} AS {SOURCE}"
            parts.append(f"step_{step + 1} AS MATERIALIZED (\n{_select(fields, source)}\n)")
        fields = [f"{key} AS {identifier(name)}" for key, name in passed.items()]
        fields += [f"{made.sql} AS {identifier(name)}" for name, made in outputs.items()]
        return f"WITH {', '.join(parts)}\n{_select(fields, f'step_{len(parts)}')};\n"

    def _needed(self, outputs: dict[str, Expr]) -> dict[str, int]:
        """Return the last step that refers to each column on which the outputs depend."""
        last = max(map(self.step, outputs.values()), default=0)
        needed = {name: last for made in outputs.values() for name in made.columns}
        for name in reversed(self.columns):  # what a column depends on stands before it
            if name in needed:
                column = self.columns[name]
                for other in column.made.columns:
                    needed[other] = max(needed.get(other, 0), column.step)
        return needed


def _select(fields: Sequence[str], source: str) -> str:
    listed = ",\n  ".join(fields or ["1 AS k0"])
    return f"SELECT\n  {listed}\nFROM {source}"
