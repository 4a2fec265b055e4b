"""Measuring the model of a run once more, on its test split or on other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlfw.components import (
    Component,
    Dataset,
    FitContext,
    Imports,
    LoadContext,
    Metric,
    OpaquePredictor,
    Trainer,
)
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import TEST
from mlfw.config.components import USE, build_component
from mlfw.errors import UserError, listing
from mlfw.hints import command, printable
from mlfw.pipeline.early import check_code
from mlfw.pipeline.known_rows import known_rows
from mlfw.pipeline.metrics import Measure, choose_metrics, named_metrics
from mlfw.pipeline.opaque import measure_splits
from mlfw.pipeline.outcomes import predict_split
from mlfw.pipeline.row_files import read_rows
from mlfw.pipeline.saved_model import SavedModel, load_fitted, load_model
from mlfw.pipeline.splits_file import load_splits
from mlfw.pipeline.streams import is_stream, readable, shown
from mlfw.pipeline.undefined import undefined_notes
from mlfw.pipeline.unknown_classes import unknown_classes, unknown_notes
from mlfw.plugins import Registry, require_packages
from mlfw.runs import RunDirectory
from mlfw.schema import Schema, conform
from mlfw.schema.names import rename_hint, search_columns
from mlfw.schema.value_notes import ValueNote
from mlfw.schema.word_spelling import near_word

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Evaluation:
    """The metrics of a saved model, measured once more.

    Attributes:
        metrics: `{split or file: {metric: value}}`.
        facts: Of a file: `rows`, `rows_trained_on` (None where the run's data are gone) and
            `unknown_classes`.
        notes: The same, and why a metric cannot be computed, in sentences.
    """

    metrics: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def measure(
    run: RunDirectory,
    registry: Registry,
    data: Path | None,
    imports: Imports,
    progress: Progress = silent,
    odd: list[ValueNote] | None = None,
    noted: Callable[[str], None] | None = None,
    *,
    native: bool = False,
) -> Evaluation:
    """Measure a run's saved model.

    Args:
        run: The run.
        registry: Where its components come from.
        data: A file of rows with the target; the run's test rows where left out.
        imports: From which packages code may be imported that the run names.
        progress: Told how much is read and predicted, of how much.
        odd: What is odd about the values of a file is added here; see `mlfw.conform`.
        noted: Given what a person should know of how the file was understood.
        native: Whether to predict by the library that trained the model.

    Returns:
        The metrics on `test`, or on the file under its name; of a model that measures itself also
        those on `validation`.

    Raises:
        UserError: The run has no model yet, or the rows do not fit it.
    """
    if data is None:
        fitted = load_fitted(run.model, registry, imports)
        if isinstance(fitted, OpaquePredictor):
            return Evaluation(_measure_opaque(fitted, run, registry, imports))
    model = load_model(run.model, registry, imports, native=native)
    measures = choose_metrics(_named(run, registry), model.schema, registry)
    if data is not None:
        return _measure_file(data, model, run, registry, measures, progress, odd, noted)
    outcomes = predict_split(load_splits(run.data), TEST, model.predict_table, progress)
    metrics = named_metrics(measures, outcomes.truth, outcomes.predictions, model.schema)
    notes = undefined_notes(metrics, measures, outcomes.truth, model.schema)
    return Evaluation({TEST: metrics}, notes=tuple(notes))


def _measure_file(
    data: Path,
    model: SavedModel,
    run: RunDirectory,
    registry: Registry,
    measures: Mapping[str, Measure],
    progress: Progress,
    odd: list[ValueNote] | None,
    noted: Callable[[str], None] | None,
) -> Evaluation:
    schema = model.schema
    rows, without = _labelled_rows(data, run, registry, schema, progress, odd, noted)
    predictions = model.predict_table(rows, place=shown(data), progress=progress)
    metrics = named_metrics(measures, rows, predictions, schema)
    unknown = unknown_classes(rows, schema)
    trained = known_rows(rows, load_splits(run.data)) if run.data.is_dir() else None
    left_out = f"{without:,} without a value in the target left out" if without else ""
    notes = [
        f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}; {_trained_on(trained)}"
        f"{'; ' if left_out else ''}{left_out}",
        *unknown_notes(unknown, rows.num_rows, schema),
        *undefined_notes(metrics, measures, rows, schema),
    ]
    facts = {"rows": rows.num_rows, "rows_trained_on": trained, "unknown_classes": unknown}
    return Evaluation({_column(data): metrics}, facts, tuple(notes))


def _column(data: Path) -> str:
    """Return what the column of a file's metrics is called."""
    return shown(data) if is_stream(data) else data.name


def _trained_on(rows: int | None) -> str:
    """Return how many rows are training rows, in words."""
    if rows is None:
        return "whether the model was trained on them is not known: the run's data are gone"
    if not rows:
        return "the model was trained on none of them"
    return f"the model was trained on {rows:,} of them, which it predicts better than new ones"


def _measure_opaque(
    fitted: OpaquePredictor, run: RunDirectory, registry: Registry, imports: Imports
) -> dict[str, dict[str, Any]]:
    """Load the run's data once more, and let the model measure itself on them."""
    frozen = run.frozen()
    dataset = _component("dataset", frozen, registry)
    trainer = _component("trainer", frozen, registry)
    assert isinstance(dataset, Dataset)
    assert isinstance(trainer, Trainer)
    check_code({"dataset": dataset, "trainer": trainer}, imports)
    data = dataset.load(LoadContext(seed=frozen["seed"], imports=imports))
    with TemporaryDirectory() as folder:
        context = FitContext(
            trainer=trainer,
            seed=frozen["seed"],
            folder=Path(folder),
            report=lambda *_: None,
            final=False,
            imports=imports,
        )
        return dict(measure_splits(fitted, data, context))


def _component(kind: str, frozen: Mapping[str, Any], registry: Registry) -> Component:
    options = dict(frozen[kind])
    entry = registry.get(kind, options.pop(USE))
    require_packages([entry])
    return build_component(entry, options, kind)


def _labelled_rows(
    data: Path,
    run: RunDirectory,
    registry: Registry,
    schema: Schema,
    progress: Progress,
    odd: list[ValueNote] | None,
    noted: Callable[[str], None] | None,
) -> tuple[pa.Table, int]:
    """Return a file's rows that have every target, and how many rows have not.

    Raises:
        UserError: The file has no such row, or lacks a target.
    """
    own, place = run.frozen()["dataset"], shown(data)
    with readable(data) as file:
        table = read_rows(file, registry, own, progress, names=schema.all_names, noted=noted)
    there = table.column_names
    found, missing = search_columns(there, schema.all_names, place)
    targets = [target.name for target in schema.targets if target.name in missing]
    if targets:
        others = [name for index, name in enumerate(there) if index not in found.values()]
        raise UserError(
            f"{place}: missing column{'s' if len(missing) > 1 else ''} "
            f"{_named_columns(missing, targets)}; found {listing(map(printable, there))}.",
            _to_do(missing, targets, others, command("predict", run.path, str(data))),
        )
    if not table.num_rows:
        raise UserError(
            f"{place}: holds no rows, only columns {listing(there)}.",
            "Check how it was made or copied.",
        )
    rows = conform(table, schema, with_target=True, place=place, notes=odd)
    count = rows.num_rows
    for target in schema.targets:
        rows = rows.filter(rows[target.name].is_valid())
        if not rows.num_rows:
            raise UserError(
                f"{place}: none of {count:,} rows has a value in the target '{target.name}'.",
                f"To predict them, type: {command('predict', run.path, str(data))}",
            )
    return rows, count - rows.num_rows


def _named_columns(missing: Sequence[str], targets: Sequence[str]) -> str:
    if len(missing) == 1:
        return f"{printable(missing[0])}, the target"
    marks = {name: " (a target)" if len(targets) > 1 else " (the target)" for name in targets}
    return listing(f"{printable(name)}{marks.get(name, '')}" for name in missing)


def _to_do(
    missing: Sequence[str], targets: Sequence[str], others: Sequence[str], predict: str
) -> str:
    """Return what to do where targets are missing.

    Args:
        missing: The columns that are missing, the targets among them.
        targets: The targets that are missing.
        others: The columns that are there and not wanted.
        predict: The command that predicts the rows.
    """
    renames = rename_hint(missing, others)
    if len(missing) > len(targets):  # without inputs no row can be predicted either
        return renames
    near = any(near_word(name, tuple(others)) for name in targets)
    return f"{f'{renames} ' if near else ''}To predict rows without it, type: {predict}"


def _named(run: RunDirectory, registry: Registry) -> dict[str, Metric]:
    """Build the metrics that the run's configuration names."""
    entries = {name: registry.get("metrics", name) for name in run.frozen().get("metrics") or {}}
    require_packages(entries.values())
    built = {
        name: build_component(entry, run.frozen()["metrics"][name], str(run.config_file))
        for name, entry in entries.items()
    }
    return {name: metric for name, metric in built.items() if isinstance(metric, Metric)}
