"""The deployer `sql`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.files import write_json, write_text
from mlfw.hints import command, override
from mlfw_onnx import Export

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_onnx import Form

STATEMENT = "model.sql"
MOST_PARTS = 2  # of a table's name


@dataclass(kw_only=True)
class Sql(Export):
    """The model as one SELECT, preprocessing included, for SQLite, DuckDB and PostgreSQL.

    Linear models, trees, forests and boosting can be exported. The statement is written only if
    SQLite predicts with it what mlfw predicts, both for made-up rows and for test rows of the run.

    Attributes:
        table: The table or view that the statement reads, such as customers or sales.customers.
        keep: Names of columns of the table to return beside the predictions, such as its key; null
            for those that the model takes.
    """

    table: str = "rows"
    keep: list[str] | None = None

    def write(self, saved: SavedModel, folder: Path, name: str) -> Form:
        """Write `model.sql` and `sample.json`.

        Raises:
            UserError: The model has no form in SQL.
        """
        from mlfw_onnx import Form, input_notes, plain_rows, sample_of
        from mlfw_sql.select.expressions import NoSqlError
        from mlfw_sql.select.made import made_of
        from mlfw_sql.select.parity import SqliteParity
        from mlfw_sql.select.readme import Page, planning

        table = self._quoted_table()
        onnx = saved.predictor.to_onnx()
        try:
            made = made_of(onnx, saved.schema, table, self.keep)
        except NoSqlError as reason:
            in_onnx = command("export", name, "--to", "onnx", "-o", "FOLDER")
            raise UserError(
                f"deployer=sql: SQL has no form of model={saved.use}: {reason}.",
                "Linear models, trees, forests and boosting of tables without texts and images "
                f"have one. This model has one in ONNX: {in_onnx}",
            ) from reason
        write_text(folder / STATEMENT, made.statement)
        parity = SqliteParity(
            saved.predictor,
            made.outputs,
            saved.predictor.onnx_tolerance,
            "sql",
            statement=(folder / STATEMENT).read_text(encoding="utf-8"),
            table=table,
            columns=made.columns,
            keep=made.keep,
        )
        sample = sample_of(saved, input_notes(onnx))
        predictions = saved.predict_table(sample.rows).rename_columns(made.prediction_names)
        rows = {"rows": plain_rows(sample.rows), "predictions": predictions.to_pylist()}
        write_json(folder / "sample.json", rows)
        page = Page(name, saved.use, saved.schema, table, made)
        return Form(STATEMENT, parity, sample, page.text, planning(made.nodes))

    def _quoted_table(self) -> str:
        """Return the table's name as SQL.

        Raises:
            UserError: It is no name of a table.
        """
        from mlfw_sql.select.expressions import identifier

        parts = self.table.split(".")
        if not all(parts) or len(parts) > MOST_PARTS or "\0" in self.table:
            raise UserError(
                f"deployer.table={json.dumps(self.table)}: expected the name of a table, perhaps "
                "with its schema.",
                f"Type, for example: {override('deployer.table', 'sales.customers')}",
            )
        return ".".join(map(identifier, parts))
