"""Prometheus is told what the service is asked, and what it answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from prometheus_client.parser import text_string_to_metric_families

import mlfw
from conftest import environment
from mlfw import Column, Kind, Schema, Target, Task, predictions_table
from mlfw.pipeline.reference import Reference
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema.distribution import Distribution
from mlfw_service.watch.current import CURRENT, CurrentRequest
from mlfw_service.watch.metrics import Metrics, value_buckets
from mlfw_service.watch.model import ModelWatcher
from mlfw_service.watch.watch import Watch
from trained_penguins import penguin

from .conftest import Service, options

Serve = Callable[..., Service]


def test_rows_and_predictions_are_counted(serve: Serve) -> None:
    service = serve()
    odd = penguin(5, Island="Atlantis", **{"Body Mass (g)": 1e6, "Culmen Depth (mm)": None})

    assert service.predict(penguin(0), odd, penguin(7))[0] == 200
    assert service.predict(penguin(0))[0] == 200

    found = service.metrics()

    def value(name: str, **labels: str) -> float:
        return found.get((name, frozenset(labels.items())), 0.0)

    assert value("mlfw_batch_rows_count", model="penguins") == 2
    assert value("mlfw_batch_rows_sum", model="penguins") == 4
    assert value("mlfw_input_unseen_total", column="Island") == 1
    assert value("mlfw_input_out_of_range_total", column="Body Mass (g)") == 1
    assert value("mlfw_input_missing_total", column="Culmen Depth (mm)") == 1
    classes = [
        value("mlfw_predictions_total", target="Sex", model="penguins", **{"class": name})
        for name in ("MALE", "FEMALE")
    ]
    assert sum(classes) == 4
    labels = {"route": "/predict", "status": "200", "model": "penguins"}
    assert value("mlfw_request_seconds_count", **labels) == 2
    assert value("mlfw_requests_in_flight") == 1  # the one that asks
    assert [labels for name, labels in found if name == "mlfw_model_info"]


def test_refused_requests_and_foreign_paths_are_counted_without_new_labels(serve: Serve) -> None:
    service = serve()
    service.predict({"Island": 1})
    for number in range(30):
        service.call(f"/secret-{number}", "GET")

    found = service.metrics()
    paths = {dict(labels)["route"] for name, labels in found if name.endswith("seconds_count")}

    assert paths <= {"/predict", "/readyz", "/metrics", "other"}
    refused = {"route": "/predict", "status": "422", "model": "penguins"}
    assert found["mlfw_request_seconds_count", frozenset(refused.items())] == 1
    other = {"route": "other", "status": "404", "model": ""}
    assert found["mlfw_request_seconds_count", frozenset(other.items())] == 30


def test_only_predictions_that_were_asked_for_are_counted(model: Path) -> None:
    watch = Watch(model, options())
    watched = watch.model(mlfw.load(model), "penguins")
    rows = [penguin(number) for number in range(3)]

    watched.predict(rows)
    CURRENT.set(CurrentRequest(predicts=False))
    watched.predict(rows)
    assert "mlfw_batch_rows_sum" not in watch.metrics.text().decode() or _rows(watch) == 0
    CURRENT.set(CurrentRequest(predicts=True))
    watched.predict(rows)
    CURRENT.set(None)

    assert _rows(watch) == 3


def _rows(watch: Watch) -> float:
    text = watch.metrics.text().decode()
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "mlfw_batch_rows_sum"
    )


AWKWARD = 'a "quoted"\\ name\nof {two} lines'


def watcher(target: Target, reference: Reference | None, metrics: Metrics) -> ModelWatcher:
    schema = Schema(columns=(Column(name=AWKWARD, kind=Kind.number),), targets=(target,))
    model = SavedModel(schema, None, "none", Path())  # type: ignore[arg-type]
    return ModelWatcher("m", "1", model, metrics, reference, None)


def told(metrics: Metrics, name: str) -> list[tuple[dict[str, str], float]]:
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name == name
    ]


def test_awkward_names_are_escaped_and_tables_are_counted_as_rows_are() -> None:
    target = Target(
        column=Column(name="t", kind=Kind.boolean), task=Task.binary, classes=("false", "true")
    )
    before = Distribution(rows=20, missing=0, counts=(20,), low=0.0, high=1.0)
    CURRENT.set(CurrentRequest(predicts=True))
    for rows in (
        [{AWKWARD: 5.0}, {AWKWARD: None}],
        pa.table({AWKWARD: pa.array([5.0, None])}),
    ):
        metrics = Metrics()
        own = watcher(target, Reference(columns={AWKWARD: before}), metrics)
        predictions = predictions_table(own.schema, [[0.1, 0.9], [0.2, 0.8]])
        own.predicted(rows, predictions, [])

        assert told(metrics, "mlfw_input_missing_total") == [({"column": AWKWARD}, 1)]
        assert told(metrics, "mlfw_input_out_of_range_total") == [({"column": AWKWARD}, 1)]
        classes = {each["class"]: n for each, n in told(metrics, "mlfw_predictions_total")}
        assert classes == {"false": 0, "true": 2}
    CURRENT.set(None)


def test_predicted_numbers_are_counted_where_those_of_validation_lay() -> None:
    target = Target(column=Column(name="t", kind=Kind.number), task=Task.regression)
    before = Distribution(rows=30, missing=0, edges=(1.0, 2.0), counts=(10, 10, 10))
    schema = Schema(columns=(), targets=(target,))
    buckets = value_buckets(schema, [before])
    metrics = Metrics(buckets)
    own = watcher(target, None, metrics)
    CURRENT.set(CurrentRequest(predicts=True))
    own.predicted([{AWKWARD: 1.0}] * 3, predictions_table(own.schema, [0.5, 1.5, 9.0]), [])
    CURRENT.set(None)

    found = {each["le"]: n for each, n in told(metrics, "mlfw_prediction_value_bucket")}
    assert found == {"1.0": 1, "2.0": 2, "+Inf": 3}


def test_what_cannot_be_counted_fails_no_request() -> None:
    target = Target(column=Column(name="t", kind=Kind.number), task=Task.regression)
    own = watcher(target, None, Metrics())
    CURRENT.set(CurrentRequest(predicts=True))
    own.predicted([], pa.table({"something else": [1]}), [])
    CURRENT.set(None)


def test_several_processes_are_summed(tmp_path: Path) -> None:
    code = (
        "import sys; from mlfw_service.watch.metrics import Metrics; metrics = Metrics();"
        "metrics.missing.labels('a').inc(2); metrics.in_flight.inc();"
        "metrics.info.labels('m', '1', 'tree').set(1);"
        "print(metrics.text().decode()); sys.argv[1:] and metrics.end()"
    )
    env = environment(PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    for words in ([], ["end"]):
        result = subprocess.run(
            [sys.executable, "-c", code, *words], env=env, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr

    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(result.stdout)
        for sample in family.samples
    }
    assert found["mlfw_input_missing_total"] == 4
    assert found["mlfw_model_info"] == 1
    assert len(list(tmp_path.glob("gauge_livesum_*"))) == 1
