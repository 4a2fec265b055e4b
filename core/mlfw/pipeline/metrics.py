"""Choosing the metrics of a run and computing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlfw.components import Metric, MetricValue
from mlfw.errors import UserError, listing
from mlfw.plugins import Registry, require_packages
from mlfw.schema import Schema, Task

if TYPE_CHECKING:
    import pyarrow as pa


def choose_metrics(
    named: Mapping[str, Metric], task: Task, registry: Registry
) -> dict[str, Metric]:
    """Return the metrics to compute: those the user named, or the task's defaults.

    Raises:
        UserError: A named metric does not fit the task.
    """
    fitting = {
        name: entry
        for name, entry in registry.kind("metrics").items()
        if issubclass(entry.component, Metric) and task in entry.component.tasks
    }
    for name, metric in named.items():
        if task not in metric.tasks:
            raise UserError(
                f"metrics={name}: does not fit a {task} task.",
                f"Metrics that do: {listing(fitting)}.",
            )
    if named:
        return dict(named)
    defaults = {
        name: entry
        for name, entry in fitting.items()
        if issubclass(entry.component, Metric) and task in entry.component.default_for
    }
    require_packages(defaults.values())
    chosen = {name: entry.component() for name, entry in defaults.items()}
    return {name: metric for name, metric in chosen.items() if isinstance(metric, Metric)}


def main_metric(metrics: Mapping[str, Metric]) -> tuple[str, Metric]:
    """Return the first metric that can rank models.

    Raises:
        UserError: There is none.
    """
    for name, metric in metrics.items():
        if metric.higher_is_better is not None:
            return name, metric
    raise UserError(
        f"metrics: none of {listing(metrics) or 'the chosen ones'} can rank models.",
        "Add one that can, for example metrics=[accuracy] or metrics=[rmse].",
    )


def compute_metrics(
    metrics: Mapping[str, Metric], rows: pa.Table, predictions: pa.Table, schema: Schema
) -> dict[str, MetricValue]:
    """Return every metric of predictions for rows that hold the target."""
    target = truth(rows, schema)
    return {name: metric.compute(target, predictions, schema) for name, metric in metrics.items()}


def truth(rows: pa.Table, schema: Schema) -> pa.Array:
    """Return the target as metrics take it: class numbers, or values."""
    if schema.task.is_classification:
        return schema.codes(rows)
    return rows[schema.target.name].combine_chunks()
