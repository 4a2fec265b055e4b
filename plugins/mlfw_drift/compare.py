"""Comparing later rows with those that a saved model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import Column, Imports, Kind, RowSplits, Task, UserError
from mlfw.components.dataset import Progress, silent
from mlfw.errors import did_you_mean, listing
from mlfw.hints import command, install, printable, shell_word
from mlfw.pipeline.manifest import model_version
from mlfw.pipeline.reference import Reference
from mlfw.pipeline.saved_model import SavedModel, load_model
from mlfw.pipeline.splits_file import load_splits
from mlfw.pipeline.streams import readable, shown
from mlfw.runs import RunDirectory
from mlfw.schema.conform import expectation
from mlfw.schema.predictions import prediction_name
from mlfw_drift.importance import importances
from mlfw_drift.judge import judge
from mlfw_drift.report import DriftReport
from mlfw_drift.rows import Batch, LaterRows
from mlfw_drift.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.plugins import Registry

PREDICTED_ROWS = 2_000  # of each batch, where no predictions were logged
PREDICTED_HEAVY_ROWS = 200


def require_scipy() -> None:
    """Check that SciPy is installed.

    Raises:
        UserError: It is not.
    """
    if find_spec("scipy") is None:
        raise UserError("mlfw drift: not installed: scipy.", f"Type: {install('mlfw[drift]')}")


def compare(
    folder: Path,
    data: Path,
    registry: Registry,
    imports: Imports,
    *,
    without: Sequence[str] = (),
    progress: Progress = silent,
) -> DriftReport:
    """Compare later rows with those that a saved model was trained on.

    Args:
        folder: The saved model. Where it lies in its run, columns are ranked by what they matter.
        data: The log of a service, a file of rows, a folder of Parquet files, or `-`.
        registry: The components there are.
        imports: From which packages code may be imported that the model names.
        without: Columns not to look at.
        progress: Told how far it is.

    Raises:
        UserError: There is nothing to compare with, there are no rows, or they are not of the
            model's columns.
    """
    model = load_model(folder, registry, imports)
    for name in without:
        if name not in model.schema.names:
            raise UserError(
                f"--without {printable(name)}: the model has no such column; it has "
                f"{listing(map(printable, model.schema.names))}.",
                did_you_mean(name, model.schema.names, listed=True),
            )
    run = RunDirectory(folder.parent)
    splits = _splits(run) if run.record_file.is_file() and folder.name == run.model.name else None
    reference = _reference(folder, model, splits)
    with readable(data) as path:
        rows = LaterRows(
            path=path,
            schema=model.schema,
            registry=registry,
            options=run.frozen()["dataset"] if splits is not None else {},
            without=without,
            version=model_version(folder),
            retry=("drift", str(folder.parent if splits is not None else folder), str(data)),
        )
        tallies, predictions, logged = _count(rows, model, reference, progress)
        left_out = tuple(name for name in model.schema.names if name not in tallies)
    count = max((tally.rows for tally in tallies.values()), default=0)
    _check(tallies, predictions, shown(data))
    weights = importances(model, splits) if splits is not None else None
    columns, predicted = judge(tallies.values(), predictions.values(), weights)
    return DriftReport(
        model=str(folder),
        data=shown(data),
        rows=count or max((tally.rows for tally in predictions.values()), default=0),
        trained=max((each.rows for each in reference.columns.values()), default=0),
        columns=columns,
        predictions=predicted,
        predicted=not logged,
        left_out=left_out,
        ranked=weights is not None,
        evaluate=command("evaluate", folder.parent, "LABELLED.csv") if splits is not None else "",
    )


def _splits(run: RunDirectory) -> RowSplits | None:
    """Return the prepared data of a run; None where they are gone."""
    try:
        return load_splits(run.data)
    except UserError:
        return None


def _reference(folder: Path, model: SavedModel, splits: RowSplits | None) -> Reference:
    found = Reference.load(folder)
    if found is None and splits is not None:
        found = Reference.of(splits)
    if found is None or not set(model.schema.names) <= found.columns.keys():
        raise UserError(
            f"{folder}: nothing to compare with: the model was saved by a mlfw that kept no "
            "reference.json, and its run's data are not beside it.",
            "Name the run that it belongs to, or train it again.",
        )
    return found


def _count(
    rows: LaterRows, model: SavedModel, reference: Reference, progress: Progress
) -> tuple[dict[str, Tally], dict[str, Tally], bool]:
    """Count all rows; also return whether the predictions were logged."""
    tallies: dict[str, Tally] = {}
    predicted = {
        target.name: Tally(
            column=_as_column(target.name, target.task, target.classes),
            before=reference.predictions[target.name],
        )
        for target in model.schema.targets
        if target.name in reference.predictions
    }
    logged = True
    for batch in rows.batches(progress):
        for name, values in batch.columns.items():
            if name not in tallies:
                tallies[name] = Tally(
                    column=model.schema.column(name), before=reference.columns[name]
                )
            tallies[name].add(values, batch.misfits[name])
        found = batch.predictions
        if not found:
            logged = False
            found = _predict(batch, model) if predicted else {}
        for name, values in found.items():
            if name in predicted:
                predicted[name].add(values)
    return tallies, {name: each for name, each in predicted.items() if each.rows}, logged


def _as_column(name: str, task: Task, classes: tuple[str, ...]) -> Column:
    kind = {Task.regression: Kind.number, Task.multilabel: Kind.labels}.get(task, Kind.category)
    return Column(name=name, kind=kind, categories=classes)


def _predict(batch: Batch, model: SavedModel) -> dict[str, pa.Array]:
    """Predict some rows of a batch, if all columns are there."""
    import numpy as np
    import pyarrow as pa

    schema = model.schema
    if batch.columns.keys() != set(schema.names):
        return {}
    heavy = any(column.kind in (Kind.text, Kind.image) for column in schema.columns)
    table = pa.table({name: batch.columns[name] for name in schema.names})
    most = min(PREDICTED_HEAVY_ROWS if heavy else PREDICTED_ROWS, table.num_rows)
    if not most:
        return {}
    chosen = np.unique(np.linspace(0, table.num_rows - 1, most).astype(int))
    found = model.predict_table(table.take(chosen))
    return {each.name: found[prediction_name(schema, each)] for each in schema.targets}


def _check(tallies: dict[str, Tally], predictions: dict[str, Tally], place: str) -> None:
    """Check that there are rows, and that they are of the model's columns.

    Raises:
        UserError: They are not.
    """
    if not any(tally.rows for tally in (*tallies.values(), *predictions.values())):
        raise UserError(
            f"{place}: holds no rows to compare.",
            "Wait until the service has answered requests, or check how the file was made.",
        )
    for name, tally in tallies.items():
        if tally.misfits > 1 and tally.missing == tally.rows and tally.before.rows:
            raise UserError(
                f"{place}: column '{printable(name)}': expected {expectation(tally.column)}, and "
                f"none of its {tally.misfits:,} values is.",
                "Check that these are rows of the model's table; to leave the column out, add "
                f"--without {shell_word(name)}",
            )
