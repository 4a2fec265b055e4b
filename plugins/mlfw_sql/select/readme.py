"""The README of a model in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from mlfw import Kind, Schema, Task
from mlfw.errors import listing
from mlfw.schema import is_duration, prediction_name, probability_names
from mlfw.schema.dates import has_date, has_day
from mlfw_onnx import markdown as md
from mlfw_sql.select.made import Made
from mlfw_sql.select.parity import columns_read, create_table, type_of

MOST_NAMED = 20
MANY_NODES = 10_000
DUCKDB_SECONDS = 0.23  # to plan a thousand nodes of trees: DuckDB 1.5, 6,000 to 57,000 nodes
HOLDS = {
    Kind.number: "a number; a text counts as missing",
    Kind.boolean: "true or false, in SQLite 1 or 0",
    Kind.category: "a category, spelt as here; any other text is an unknown one",
    Kind.datetime: "a date in UTC, or its text: `2026-01-31` or `2026-01-31 14:30:05.25`",
}


@dataclass(frozen=True)
class Page:
    """The README, and what it is made from.

    Attributes:
        name: The model's name.
        use: The name of the model component.
        schema: The model's schema.
        table: The table that the statement reads, as SQL.
        made: The statement.
    """

    name: str
    use: str
    schema: Schema
    table: str
    made: Made

    def text(self, checked: str) -> str:
        """Return the page in Markdown.

        Args:
            checked: A sentence that says how the model was compared with mlfw.
        """
        targets = listing(f"`{md.cell(each.name)}` ({each.task})" for each in self.schema.targets)
        columns = columns_read(self.schema, self.made.keep)
        parts = [
            f"# {md.cell(self.name)}",
            f"`model.sql` predicts {targets} for every row of the table {md.code(self.table)}. It "
            f"is one SELECT, made from a `{self.use}` model of mlfw, preprocessing included.",
            "## Running it",
            md.block(
                "sh",
                "sqlite3 shop.db < model.sql\nduckdb shop.duckdb < model.sql\n"
                "psql shop < model.sql",
            ),
            "It takes SQLite 3.35, DuckDB 1.0, PostgreSQL 12 or a later version. SQLite needs its "
            "mathematical functions, which its own programs and Python's module `sqlite3` usually "
            "have. To keep the predictions, put `CREATE TABLE predictions AS` before the "
            "statement. To read another table, export the model again with "
            "`deployer.table=NAME`.",
            *planning(self.made.nodes),
            "## What goes in",
            "Missing values are NULL.",
            md.table(["column", "type", "holds"], self._input_rows()),
            "Such a table is made by:",
            md.block("sql", f"{create_table(self.table, columns)};"),
            "In SQLite, give the columns these types before you import a CSV file: a column of "
            "type TEXT holds texts, and no numbers. Bring a time with a zone to UTC first (in "
            "PostgreSQL: `moment AT TIME ZONE 'UTC'`); a text that ends in an offset such as "
            "`+02:00` counts as missing.",
            "## What comes out",
            f"One row per row of the table, first with {self._kept()}, then with:",
            md.table(["column", "type", "holds"], self._output_rows()),
            "## How it was checked",
            checked,
            "`sample.json` holds made-up rows and what mlfw predicts for them; `schema.json` "
            "describes the columns in mlfw.",
        ]
        return "\n\n".join(parts) + "\n"

    def _kept(self) -> str:
        if self.made.keep == tuple(self.schema.names):
            return "the columns above (`deployer.keep='[id]'` chooses others)"
        return listing(map(md.code, self.made.keep)) if self.made.keep else "no other column"

    def _input_rows(self) -> list[list[str]]:
        rows = []
        for column in self.schema.columns:
            holds = HOLDS[column.kind]
            if column.kind is Kind.category:
                shown = ", ".join(map(md.code, column.categories[:MOST_NAMED]))
                more = len(column.categories) - MOST_NAMED
                holds += f": {shown}" + (f" and {more} more" if more > 0 else "")
            elif column.kind is Kind.number and column.format:
                how = "in seconds" if is_duration(column.format) else "without its marks"
                holds += f"; {how}, as {md.code(column.format)} in the data"
            elif column.kind is Kind.datetime and column.format and not has_date(column.format):
                holds = "a time of day, or its text: `14:30`"
            elif column.kind is Kind.datetime and column.format and not has_day(column.format):
                holds += "; a month is its first day, or the text `2026-01`"
            rows.append([md.code(column.name), type_of(column), holds])
        return rows

    def _output_rows(self) -> list[list[str]]:
        rows = []
        for target, outputs in zip(self.schema.targets, self.made.outputs, strict=True):
            what = md.cell(target.name)
            if target.task is Task.regression:
                name = self.made.names[prediction_name(self.schema, target)]
                rows.append([md.code(name), "double", f"the {what} predicted"])
                continue
            labels = self.made.columns[outputs.label]
            if target.task is Task.multilabel:
                for name, label in zip(labels, target.classes, strict=True):
                    rows.append(
                        [
                            md.code(name),
                            "boolean",
                            f"whether {md.code(label)} is predicted",
                        ]
                    )
            else:
                rows.append([md.code(labels[0]), type_of(target.column), f"the {what} predicted"])
            names = probability_names(self.schema, target)
            for name, label in zip(names, target.classes, strict=True):
                likely = f"how likely {md.code(label)} is"
                rows.append([md.code(self.made.names[name]), "double", likely])
        return rows


def planning(nodes: int) -> tuple[str, ...]:
    """Return a sentence about a statement that databases take long to plan; none for others.

    Args:
        nodes: How many nodes of trees it holds.
    """
    if nodes < MANY_NODES:
        return ()
    seconds = DUCKDB_SECONDS * nodes / 1000
    return (
        f"The statement holds {nodes:,} nodes of trees, so DuckDB takes about {seconds:.0f} s to "
        f"plan it before it reads a row ({DUCKDB_SECONDS} s per 1,000 nodes, as measured; other "
        "databases take their time too). Predict many rows at once and keep them in a table, or "
        "train fewer or smaller trees (`model.max_depth`).",
    )
