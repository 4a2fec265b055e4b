"""Measuring the model of a run once more, on its test split or on other rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.components import Metric
from mlfw.components.splits import TEST
from mlfw.config.components import build_component
from mlfw.errors import UserError
from mlfw.pipeline.metrics import choose_metrics, compute_metrics
from mlfw.pipeline.outcomes import predict_split
from mlfw.pipeline.row_files import read_rows
from mlfw.pipeline.saved_model import load_model
from mlfw.pipeline.splits_file import load_splits
from mlfw.plugins import Registry, require_packages
from mlfw.runs import RunDirectory
from mlfw.schema import Schema, conform

if TYPE_CHECKING:
    import pyarrow as pa


def measure(run: RunDirectory, registry: Registry, data: Path | None) -> dict[str, Any]:
    """Return a run's metrics for its saved model.

    Args:
        run: The run.
        registry: Where its components come from.
        data: A file of rows with the target; the run's test rows where left out.

    Raises:
        UserError: The run has no model yet, or the rows do not fit it.
    """
    model = load_model(run.model, registry)
    schema = model.schema
    measures = choose_metrics(_named(run, registry), schema, registry)
    if data is None:
        outcomes = predict_split(load_splits(run.data), TEST, model.predict_table)
        truth, predictions = outcomes.truth, outcomes.predictions
    else:
        truth = _labelled_rows(data, run, registry, schema)
        predictions = model.predict_table(truth)
    return dict(compute_metrics(measures, truth, predictions, schema))


def _labelled_rows(data: Path, run: RunDirectory, registry: Registry, schema: Schema) -> pa.Table:
    """Read a file's rows that have every target."""
    rows = conform(
        read_rows(data, registry, run.frozen()["dataset"]),
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
