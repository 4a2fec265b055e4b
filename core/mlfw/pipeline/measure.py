"""Measuring the model of a run once more, on its test split or on other rows."""

from __future__ import annotations

from collections.abc import Mapping
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
from mlfw.config.components import build_component
from mlfw.config.document import USE
from mlfw.errors import UserError
from mlfw.pipeline.early import check_code
from mlfw.pipeline.metrics import choose_metrics, compute_metrics
from mlfw.pipeline.opaque import measure_splits
from mlfw.pipeline.outcomes import predict_split
from mlfw.pipeline.row_files import read_rows
from mlfw.pipeline.saved_model import load_fitted, load_model
from mlfw.pipeline.splits_file import load_splits
from mlfw.plugins import Registry, require_packages
from mlfw.runs import RunDirectory
from mlfw.schema import Schema, conform

if TYPE_CHECKING:
    import pyarrow as pa


def measure(
    run: RunDirectory,
    registry: Registry,
    data: Path | None,
    imports: Imports,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Return metrics of a run's saved model, by split.

    Args:
        run: The run.
        registry: Where its components come from.
        data: A file of rows with the target; the run's test rows where left out.
        imports: From which packages code may be imported that the run names.
        progress: Told how much is read and predicted, of how much.

    Returns:
        The metrics on `test`; of a model that measures itself also those on `validation`.

    Raises:
        UserError: The run has no model yet, or the rows do not fit it.
    """
    if data is None:
        fitted = load_fitted(run.model, registry, imports)
        if isinstance(fitted, OpaquePredictor):
            return _measure_opaque(fitted, run, registry, imports)
    model = load_model(run.model, registry, imports)
    schema = model.schema
    measures = choose_metrics(_named(run, registry), schema, registry)
    if data is None:
        outcomes = predict_split(load_splits(run.data), TEST, model.predict_table, progress)
        truth, predictions = outcomes.truth, outcomes.predictions
    else:
        truth = _labelled_rows(data, run, registry, schema, progress)
        predictions = model.predict_table(truth, progress=progress)
    return {TEST: dict(compute_metrics(measures, truth, predictions, schema))}


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
    data: Path, run: RunDirectory, registry: Registry, schema: Schema, progress: Progress
) -> pa.Table:
    """Read a file's rows that have every target."""
    rows = conform(
        read_rows(data, registry, run.frozen()["dataset"], progress, names=schema.all_names),
        schema,
        with_target=True,
        place=str(data),
    )
    for target in schema.targets:
        rows = rows.filter(rows[target.name].is_valid())
        if not rows.num_rows:
            raise UserError(f"{data}: no row has a value in the target '{target.name}'.")
    return rows


def _named(run: RunDirectory, registry: Registry) -> dict[str, Metric]:
    """Build the metrics that the run's configuration names."""
    entries = {name: registry.get("metrics", name) for name in run.frozen().get("metrics") or {}}
    require_packages(entries.values())
    built = {
        name: build_component(entry, run.frozen()["metrics"][name], str(run.config_file))
        for name, entry in entries.items()
    }
    return {name: metric for name, metric in built.items() if isinstance(metric, Metric)}
