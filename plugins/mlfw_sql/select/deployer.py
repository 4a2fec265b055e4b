"""The deployer `sql`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import mlfw
from mlfw import Deployer, Deployment, UserError, limits
from mlfw.files import write_json, write_text
from mlfw.hints import command, override

STATEMENT = "model.sql"
MOST_PARTS = 2  # of a table's name


@dataclass(kw_only=True)
class Sql(Deployer):
    """The model as one SELECT, preprocessing included, for SQLite, DuckDB and PostgreSQL.

    Linear models, trees, forests and boosting can be exported. The statement is written only if
    SQLite predicts with it what mlfw predicts, both for made-up rows and for test rows of the run.

    Attributes:
        table: The table or view that the statement reads, such as customers or sales.customers.
        keep: Names of columns of the table to return beside the predictions, such as its key; null
            for those that the model takes.
        check_rows: Largest number of the run's test rows to compare, if they are available.
    """

    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    extra: ClassVar[str] = "onnx"
    exports: ClassVar[bool] = True

    table: str = "rows"
    keep: list[str] | None = None
    check_rows: int = field(default=10_000, metadata=limits(minimum=0))

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write `model.sql`, `sample.json`, `schema.json` and `README.md` into the folder.

        Raises:
            UserError: The model has no form in SQL, or predicts otherwise in SQLite.
        """
        from mlfw_onnx.portable import made_up_rows
        from mlfw_onnx.sample import plain_rows
        from mlfw_sql.select.expressions import NoSqlError
        from mlfw_sql.select.made import made_of
        from mlfw_sql.select.parity import SqliteParity
        from mlfw_sql.select.readme import Page

        table = self._quoted_table()
        saved = mlfw.load(model)
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
        parity = SqliteParity(
            saved.predictor,
            made.outputs,
            saved.predictor.onnx_tolerance,
            "sql",
            statement=made.statement,
            table=table,
            columns=made.columns,
            keep=made.keep,
        )
        sample = made_up_rows(saved.predictor, onnx)
        note = parity.note(sample, saved.test_rows(self.check_rows)).replace(
            "Compared with mlfw", "Run by SQLite and compared with mlfw"
        )
        write_text(folder / STATEMENT, made.statement)
        saved.schema.save(folder / "schema.json")
        predictions = saved.predict_table(sample).rename_columns(made.prediction_names)
        rows = {"rows": plain_rows(sample), "predictions": predictions.to_pylist()}
        write_json(folder / "sample.json", rows)
        page = Page(name, saved.use, saved.schema, table, made, note)
        write_text(folder / "README.md", page.text())
        return Deployment(STATEMENT, notes=(note,))

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
