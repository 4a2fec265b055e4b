"""Models that predict the same rows as well, without being heard."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mlfw
from mlfw_service.versions.agreement import disagreements

ROWS = [{"x": 1}, {"x": 2}]
PAUSE = 0.5  # seconds that the slow model takes for a request
MODELS: dict[str, dict[str, Any]] = {
    "champion": {"value": 100},
    "near": {"value": 104},
    "far": {"value": 106},
    "broken": {"value": 0, "raises": True},
    "slow": {"value": 100, "pause": PAUSE},
}
Serve = Callable[..., httpx.Client]
Metric = Callable[..., float]
Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, write_level: Callable[..., Path], serve: Serve
) -> httpx.Client:
    """A model with shadows that agree, disagree, fail and are slow."""
    folder = tmp_path_factory.mktemp("shadows")
    folders = {name: write_level(folder / name, **model) for name, model in MODELS.items()}
    return serve(folders, shadows=tuple(folders)[1:], shadow_tolerance=0.05)


def test_the_disagreements_of_shadows_are_counted(
    service: httpx.Client, metric: Metric, eventually: Eventually
) -> None:
    for _ in range(3):
        answer = service.post("/predict", json=ROWS)
        assert answer.json() == [{"prediction": 100.0}] * 2
        assert answer.headers["x-model"] == "champion"
    for name in ("near", "far"):
        eventually(lambda name=name: metric(service, "mlfw_shadow_rows_total", model=name) == 6)  # type: ignore[misc]
    eventually(lambda: metric(service, "mlfw_shadow_failures_total", model="broken") == 3)
    found = {
        name: metric(service, "mlfw_shadow_disagreements_total", model=name, answered_by="champion")
        for name in ("near", "far")
    }
    assert found == {"near": 0, "far": 6}


def test_tables_are_predicted_by_shadows_too(
    service: httpx.Client, metric: Metric, eventually: Eventually
) -> None:
    before = metric(service, "mlfw_shadow_disagreements_total", model="far")
    answer = service.post(
        "/predict/batch", content="x\n1\n2\n3\n", headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200
    assert answer.headers["x-model"] == "champion"
    eventually(
        lambda: metric(service, "mlfw_shadow_disagreements_total", model="far") == before + 3
    )


def test_a_slow_shadow_delays_no_answer(service: httpx.Client, metric: Metric) -> None:
    begun = time.monotonic()
    for _ in range(20):
        assert service.post("/predict", json=ROWS).status_code == 200
    took = time.monotonic() - begun
    done = metric(service, "mlfw_shadow_rows_total", model="slow") / len(ROWS)
    assert done <= took / PAUSE + 10  # it still has most of them before it


def test_what_a_shadow_refuses_or_the_model_does_is_not_asked_again(
    service: httpx.Client, metric: Metric
) -> None:
    before = metric(service, "mlfw_shadow_failures_total", model="broken")
    assert service.post("/predict", json=[{"y": 1}]).status_code == 422
    assert service.post("/predict", json=[]).json() == []
    asked = service.post("/predict", json=ROWS, headers={"X-Model": "near"})
    assert asked.json() == [{"prediction": 104.0}] * 2
    assert metric(service, "mlfw_shadow_failures_total", model="broken") <= before + 20


def test_a_shadow_that_cannot_keep_up_passes_requests_over(
    tmp_path: Path,
    write_level: Callable[..., Path],
    serve: Serve,
    metric: Metric,
    eventually: Eventually,
) -> None:
    folders = {
        "champion": write_level(tmp_path / "champion", 1),
        "slow": write_level(tmp_path / "slow", 1, pause=PAUSE),
    }
    body = b'[{"x": 1}]'
    service = serve(folders, shadows=("slow",), max_body=2 * len(body))
    for _ in range(10):
        answer = service.post(
            "/predict", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 200

    def all_rows() -> float:
        names = ("mlfw_shadow_dropped_rows_total", "mlfw_shadow_rows_total")
        return sum(metric(service, name, model="slow") for name in names)

    eventually(lambda: all_rows() == 10)
    assert metric(service, "mlfw_shadow_rows_total", model="slow") >= 1


def test_what_a_shadow_predicts_is_logged_under_the_same_request(
    tmp_path: Path,
    write_level: Callable[..., Path],
    serve: Serve,
    metric: Metric,
    eventually: Eventually,
) -> None:
    folders = {"champion": write_level(tmp_path / "champion", 1)}
    folders["shadow"] = write_level(tmp_path / "shadow", 2)
    service = serve(folders, shadows=("shadow",), log=str(tmp_path / "log"))
    service.post("/predict", json=ROWS, headers={"X-Request-Id": "abc"})

    def logged() -> list[tuple[str, str, float]]:
        parts = sorted((tmp_path / "log").rglob("*.parquet"))
        rows = [row for part in parts for row in pq.read_table(part).to_pylist()]
        return sorted((row["request_id"], row["model"], row["prediction"]) for row in rows)

    expected = [("abc", "champion", 1.0)] * 2 + [("abc", "shadow", 2.0)] * 2
    eventually(lambda: logged() == expected)
    assert metric(service, "mlfw_batch_rows_count", model="champion") == 1
    assert metric(service, "mlfw_batch_rows_count", model="shadow") == 0


def test_rows_differ_by_class_or_by_more_than_the_tolerance() -> None:
    x = mlfw.Column(name="x", kind=mlfw.Kind.number)
    colour = mlfw.Column(name="colour", kind=mlfw.Kind.category, categories=("blue", "red"))
    classes = mlfw.Schema.of(columns=(x,), target=colour, task=mlfw.Task.multiclass)
    one, other = (pa.table({"prediction": each}) for each in (["red", "blue"], ["red", "red"]))
    assert disagreements(one, other, classes, 1.0) == 1
    price = mlfw.Column(name="price", kind=mlfw.Kind.number)
    numbers = mlfw.Schema.of(columns=(x,), target=price, task=mlfw.Task.regression)
    one = pa.table({"prediction": [100.0, 100.0, 0.0, None, float("nan"), -5.0]})
    other = pa.table({"prediction": [104.0, 106.0, 0.0, None, None, 5.0]})
    assert disagreements(one, other, numbers, 0.05) == 2
