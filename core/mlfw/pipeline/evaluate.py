"""The fourth stage: measure the saved model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw.files import write_json, write_text
from mlfw.pipeline.baseline import baseline_predictions
from mlfw.pipeline.metrics import compute_metrics, main_metric
from mlfw.pipeline.report import report
from mlfw.pipeline.saved_model import load_model
from mlfw.pipeline.work import Work

if TYPE_CHECKING:
    import pyarrow as pa


def evaluate(work: Work) -> None:
    """Measure the saved model, as it will be served, on the validation and the test rows."""
    inputs = [work.fingerprints["fit"], list(work.metrics), work.config.frozen["metrics"]]
    work.stage("evaluate", inputs, ", ".join(work.metrics), lambda: _measure(work))


def _measure(work: Work) -> None:
    splits = work.splits
    model = load_model(work.directory.model, work.plugins.registry)

    def of(rows: pa.Table, predictions: pa.Table) -> dict[str, Any]:
        return dict(compute_metrics(work.metrics, rows, predictions, splits.schema))

    metrics = {
        "validation": of(splits.validation, model.predict_table(splits.validation)),
        "test": of(splits.test, model.predict_table(splits.test)),
        "baseline": of(splits.test, baseline_predictions(splits, splits.test)),
    }
    write_json(work.directory.metrics_file, metrics)
    name, _ = main_metric(work.metrics)
    work.directory.update(
        metric=name, value=metrics["test"][name], baseline=metrics["baseline"][name]
    )
    write_text(work.directory.report_file, report(work.directory, splits, metrics))
    work.events.measured(metrics)
