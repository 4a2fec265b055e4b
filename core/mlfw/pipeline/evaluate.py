"""The fifth stage: measure the saved model."""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlfw.components import OpaquePredictor
from mlfw.components.splits import TEST, VALIDATION
from mlfw.files import write_json, write_text
from mlfw.pipeline.baseline import baseline_predictions
from mlfw.pipeline.card import card_files
from mlfw.pipeline.cross_validate import summary
from mlfw.pipeline.metrics import Measure, main_metric, named_metrics
from mlfw.pipeline.opaque import measure_splits
from mlfw.pipeline.outcomes import predict_split
from mlfw.pipeline.reference import reference_files
from mlfw.pipeline.report import Metrics, opaque_report, report
from mlfw.pipeline.saved_model import add_files, load_fitted, load_model
from mlfw.pipeline.undefined import undefined_notes
from mlfw.pipeline.work import Work

if TYPE_CHECKING:
    import pyarrow as pa


def evaluate(work: Work) -> None:
    """Measure the saved model, as it will be served, on the validation and the test rows."""

    def inputs() -> list[Any]:
        return [
            work.fingerprints["fit"],
            work.fingerprints.get("cross_validate"),
            list(work.metrics),
            work.config.frozen["metrics"],
        ]

    made = [work.directory.metrics_file, work.directory.report_file]
    work.stage("evaluate", inputs, ", ".join(work.metrics), lambda: _measure(work), made)


def _measure(work: Work) -> None:
    metrics, notes, described = (_of_opaque_data(work), [], {}) if work.opaque else _of_rows(work)
    for note in notes:
        work.monitor.note(note)
    write_json(work.directory.metrics_file, metrics)
    if work.metrics:
        name, main = main_metric(work.metrics)
        positive = main.positive if isinstance(main, Measure) else ""
        split = VALIDATION if work.opaque else TEST
        baseline = metrics.get("baseline", {}).get(name)
        value = metrics[split].get(name)
        work.directory.update(
            metric=name, positive=positive, split=split, value=value, baseline=baseline
        )
    if not work.opaque:
        add_files(work.directory.model, card_files(work, metrics) | described)
    write_text(work.directory.report_file, _report(work, metrics, notes))
    work.events.measured(metrics)


def _report(work: Work, metrics: Metrics, notes: Sequence[str]) -> str:
    if work.opaque:
        return opaque_report(work.directory, work.config.model, work.config.dataset, metrics)
    return report(work.directory, work.splits, metrics, notes)


def _of_opaque_data(work: Work) -> dict[str, dict[str, Any]]:
    fitted = load_fitted(work.directory.model, work.plugins.registry, work.imports)
    assert isinstance(fitted, OpaquePredictor)
    with TemporaryDirectory() as folder:
        return dict(measure_splits(fitted, work.data, work.context(folder, final=False)))


def _of_rows(work: Work) -> tuple[dict[str, dict[str, Any]], list[str], dict[str, str]]:
    """Return the metrics by split, why some cannot be computed, and files about the data."""
    data = work.splits
    model = load_model(work.directory.model, work.plugins.registry, work.imports)

    def of(truth: pa.Table, predictions: pa.Table) -> dict[str, Any]:
        return named_metrics(work.measures, truth, predictions, data.schema)

    outcomes = {
        name: predict_split(data, name, model.predict_table, work.course.count)
        for name in (VALIDATION, TEST)
    }
    metrics = {name: of(each.truth, each.predictions) for name, each in outcomes.items()}
    notes = [
        f"{name}: {note}"
        for name, each in outcomes.items()
        for note in undefined_notes(metrics[name], work.measures, each.truth, data.schema)
    ]
    truth = outcomes[TEST].truth
    metrics["baseline"] = of(truth, baseline_predictions(data, truth.num_rows))
    described = reference_files(data, outcomes[VALIDATION].predictions)
    return metrics | summary(work.directory), notes, described
