"""The data set `sql`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Finding, LoadContext, RowSplits, Splits, UserError
from mlfw.components.dataset import Progress, silent
from mlfw.hints import override
from mlfw_sql.secrets import holds_secret
from mlfw_sql.statement import check_reads
from mlfw_tabular import TableDataset, memory_bytes

if TYPE_CHECKING:
    import pyarrow as pa

BY_ENVIRONMENT = "dataset.url='${oc.env:DATABASE_URL}'"


@dataclass(kw_only=True)
class SqlDataset(TableDataset):
    """The rows of a table or of a query in a database: SQLite, PostgreSQL, MySQL and others.

    The session only reads, and a query is one SELECT. What that cannot prevent are functions that
    write elsewhere, such as PostgreSQL's lo_export or dblink_exec: connect as a role that may do
    nothing but SELECT (see "Databases" in the README). Rows are divided by their order, so give a
    query an ORDER BY to have the same split each time; a table is read in the order of its primary
    key.

    Attributes:
        url: The database as an SQLAlchemy URL, such as sqlite:///shop.db (a path from the current
            folder). One with a password belongs in an environment variable, say DATABASE_URL:
            write '${oc.env:DATABASE_URL}' here, and it is kept nowhere.
        from_table: The table or view to read, such as customers or sales.customers.
        query: A SELECT to read the rows of, in place of a table.
        limit_rows: Read this many rows at most; null for all.
        limit_seconds: How long the database may take before the run ends; null for ever.
        limit_bytes: How much memory the rows may take before the run ends; null for half of what
            the machine has.
    """

    packages: ClassVar[tuple[str, ...]] = ("sqlalchemy",)
    extra: ClassVar[str] = "sql"

    url: str = field(default="", repr=False)  # a resolved one holds its password
    from_table: str = ""
    query: str = ""
    limit_rows: int | None = field(default=None, metadata=mlfw.limits(minimum=1))
    limit_seconds: float | None = field(default=3600.0, metadata=mlfw.limits(above=0))
    limit_bytes: int | None = field(default=None, metadata=mlfw.limits(minimum=1))

    def __post_init__(self) -> None:
        """Begin with nothing read; this is no field, as it is no configuration."""
        self._rows: pa.Table | None = None
        self._more = False

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows and their schema; see `mlfw.Dataset.load`."""
        splits = super().load(context)
        assert isinstance(splits, Splits)
        if not self._more:
            return splits
        note = Finding(
            check="reading",
            message=f"only the first {self.limit_rows} rows of {self.place()} were read.",
            remedy=f"To read all of them type: {override('dataset.limit_rows', None)}",
        )
        return splits.replace(findings=(note, *splits.findings))

    @classmethod
    def check_written(cls, options: Mapping[str, Any]) -> None:
        """Refuse a password that would be kept in the run directory."""
        if holds_secret(str(options["url"])):
            raise UserError(
                "dataset.url: holds a password, which would be kept in the run directory.",
                "Put the whole URL into an environment variable: export DATABASE_URL=..., and "
                f"write {BY_ENVIRONMENT}",
            )

    def check(self) -> None:
        """Check that there is a URL, and either a table or a query that only reads."""
        super().check()
        if not self.url:
            raise UserError(
                "dataset.url: not set.",
                f"Type for example: dataset.url=sqlite:///shop.db, or {BY_ENVIRONMENT}",
            )
        if bool(self.query) == bool(self.from_table):
            found = "both are set" if self.query else "neither is set"
            raise UserError(
                f"dataset.query, dataset.from_table: expected one of the two, {found}.",
                "Set dataset.from_table=TABLE, or dataset.query='SELECT ... FROM ...'.",
            )
        if self.query:
            check_reads(self.query)

    def place(self) -> str:
        """Return which table it is, or that it is the query."""
        return f"table '{self.from_table}'" if self.from_table else "dataset.query"

    def _read(self, progress: Progress) -> pa.Table:
        from mlfw_sql.engine import Database
        from mlfw_sql.limits import Limits
        from mlfw_sql.read import read_query, read_table

        self.check()
        most = memory_bytes() // 2 if self.limit_bytes is None else self.limit_bytes
        database = Database.of(self.url, Limits(self.limit_rows, self.limit_seconds, most))
        read, what = (read_table, self.from_table) if self.from_table else (read_query, self.query)
        rows, self._more = read(database, what, progress)
        return rows

    def table(self, progress: Progress = silent) -> pa.Table:
        """Return all rows; those that `fingerprint` has read are handed out once, not read again.

        The rows that are learnt from are thereby the ones the fingerprint stands for.
        """
        kept, self._rows = self._rows, None
        return self._read(progress) if kept is None else kept

    def fingerprint(self, progress: Progress = silent) -> str:
        """Read the rows and return a digest of them."""
        from mlfw_sql.columns import table_digest

        if self._rows is None:
            self._rows = self._read(progress)
        return table_digest(self._rows)
