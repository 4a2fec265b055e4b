"""Choosing the metrics of a run and computing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw.components import Metric, MetricValue, Objective
from mlfw.errors import UserError, listing
from mlfw.plugins import Entry, Registry, require_packages
from mlfw.schema import Schema, Target, Task
from mlfw.schema.predictions import single_predictions

if TYPE_CHECKING:
    import pyarrow as pa


POSITIVE_CLASS = "positive_class"


@dataclass(frozen=True)
class Measure:
    """A metric of one target.

    Attributes:
        metric: The metric.
        target: What it judges the predictions of.
    """

    metric: Metric
    target: Target

    @property
    def higher_is_better(self) -> bool | None:
        """Whether a larger value is a better one; None where it cannot rank models."""
        return self.metric.higher_is_better

    @property
    def positive(self) -> str:
        """The class that it is about, where it is about the positive class alone."""
        return self.target.positive if self.metric.of_positive_class else ""


def choose_metrics(
    named: Mapping[str, Metric], schema: Schema, registry: Registry
) -> dict[str, Measure]:
    """Return what to measure: the metrics the user named, or the tasks' defaults.

    Args:
        named: The metrics that were named, if any.
        schema: Its targets decide what fits.
        registry: Where the defaults come from.

    Returns:
        Measures by name, which is the metric's, or `<target>/<metric>` where there are several
        targets.

    Raises:
        UserError: A named metric fits no target.
    """
    tasks = [target.task for target in schema.targets]
    for name, metric in named.items():
        if metric.tasks.isdisjoint(tasks):
            fitting = [name for task in tasks for name in _fitting(task, registry)]
            raise UserError(
                f"metrics={name}: does not fit a {' or '.join(dict.fromkeys(tasks))} task.",
                f"Metrics that do: {listing(list(dict.fromkeys(fitting)))}.",
            )
    measures: dict[str, Measure] = {}
    for target in schema.targets:
        prefix = f"{target.name}/" if len(schema.targets) > 1 else ""
        for name, metric in (named or _defaults(target.task, registry)).items():
            if target.task in metric.tasks:
                measures[f"{prefix}{name}"] = Measure(metric, target)
    return measures


def _fitting(task: Task, registry: Registry) -> dict[str, Entry]:
    return {
        name: entry
        for name, entry in registry.kind("metrics").items()
        if issubclass(entry.component, Metric) and task in entry.component.tasks
    }


def _defaults(task: Task, registry: Registry) -> dict[str, Metric]:
    entries = {
        name: entry
        for name, entry in _fitting(task, registry).items()
        if issubclass(entry.component, Metric) and task in entry.component.default_for
    }
    require_packages(entries.values())
    built = {name: entry.component() for name, entry in entries.items()}
    return {name: metric for name, metric in built.items() if isinstance(metric, Metric)}


def main_metric(
    measures: Mapping[str, Measure | Objective],
) -> tuple[str, Measure | Objective]:
    """Return the first measure that can rank models; with several targets, the first target's.

    Raises:
        UserError: There is none.
    """
    for name, measure in measures.items():
        if measure.higher_is_better is not None:
            return name, measure
    raise UserError(
        f"metrics: none of {listing(measures) or 'the chosen ones'} can rank models.",
        "Add one that can, for example metrics=[accuracy] or metrics=[rmse].",
    )


def compute_metrics(
    measures: Mapping[str, Measure], rows: pa.Table, predictions: pa.Table, schema: Schema
) -> dict[str, MetricValue]:
    """Return every measure of predictions for rows that hold the targets."""
    singles = {target.name: schema.single(target) for target in schema.targets}
    truths = {name: truth(rows, single) for name, single in singles.items()}
    own = {
        target.name: single_predictions(schema, target, predictions) for target in schema.targets
    }
    return {
        name: measure.metric.compute(
            truths[measure.target.name], own[measure.target.name], singles[measure.target.name]
        )
        for name, measure in measures.items()
    }


def named_metrics(
    measures: Mapping[str, Measure], rows: pa.Table, predictions: pa.Table, schema: Schema
) -> dict[str, Any]:
    """Return every measure, and which class those are about that are about one.

    Returns:
        `{metric: value}`, and under `positive_class` `{metric: class}` where there are such.
    """
    values = compute_metrics(measures, rows, predictions, schema)
    positive = {name: each.positive for name, each in measures.items() if each.positive}
    return {**values, **({POSITIVE_CLASS: positive} if positive else {})}


def truth(rows: pa.Table, schema: Schema) -> pa.Array:
    """Return the only target as metrics take it: class numbers, labels as 0 or 1, or values."""
    if schema.task.is_classification:
        return schema.codes(rows)
    if schema.task is Task.multilabel:
        return schema.indicators(rows)
    return rows[schema.target.name].combine_chunks()
