"""The fifth stage: measure the saved model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw.components.splits import TEST, VALIDATION
from mlfw.files import write_json, write_text
from mlfw.pipeline.baseline import baseline_predictions
from mlfw.pipeline.cross_validate import summary
from mlfw.pipeline.metrics import compute_metrics, main_metric
from mlfw.pipeline.outcomes import predict_split
from mlfw.pipeline.report import report
from mlfw.pipeline.saved_model import load_model
from mlfw.pipeline.work import Work

if TYPE_CHECKING:
    import pyarrow as pa


def evaluate(work: Work) -> None:
    """Measure the saved model, as it will be served, on the validation and the test rows."""
    inputs = [
        work.fingerprints["fit"],
        work.fingerprints.get("cross_validate"),
        list(work.metrics),
        work.config.frozen["metrics"],
    ]
    work.stage("evaluate", inputs, ", ".join(work.metrics), lambda: _measure(work))


def _measure(work: Work) -> None:
    data = work.splits
    model = load_model(work.directory.model, work.plugins.registry)

    def of(truth: pa.Table, predictions: pa.Table) -> dict[str, Any]:
        return dict(compute_metrics(work.metrics, truth, predictions, data.schema))

    outcomes = {name: predict_split(data, name, model.predict_table) for name in (VALIDATION, TEST)}
    metrics = {name: of(each.truth, each.predictions) for name, each in outcomes.items()}
    truth = outcomes[TEST].truth
    metrics["baseline"] = of(truth, baseline_predictions(data, truth.num_rows))
    metrics |= summary(work.directory)
    write_json(work.directory.metrics_file, metrics)
    name, _ = main_metric(work.metrics)
    work.directory.update(
        metric=name, value=metrics[TEST][name], baseline=metrics["baseline"][name]
    )
    write_text(work.directory.report_file, report(work.directory, data, metrics))
    work.events.measured(metrics)
