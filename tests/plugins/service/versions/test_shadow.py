"""Models that predict the same rows as well, without being heard."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from prometheus_client import CollectorRegistry

import mlfw
from mlfw_service import ServedModels
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
Counted = tuple[httpx.Client, CollectorRegistry]


@pytest.fixture(scope="module")
def counted(
    tmp_path_factory: pytest.TempPathFactory,
    write_level: Callable[..., Path],
    serve_counted: Callable[..., Counted],
) -> Counted:
    """A model with shadows that agree, disagree, fail and are slow."""
    folder = tmp_path_factory.mktemp("shadows")
    folders = {name: write_level(folder / name, **model) for name, model in MODELS.items()}
    served = ServedModels(folders=folders, shadows=tuple(folders)[1:])
    return serve_counted(served, shadow_tolerance=0.05)


def count(counted: Counted, name: str, **labels: str) -> float:
    return counted[1].get_sample_value(name, labels) or 0.0


def test_the_disagreements_of_shadows_are_counted(
    counted: Counted, eventually: Callable[[Callable[[], object]], None]
) -> None:
    for _ in range(3):
        answer = counted[0].post("/predict", json=ROWS)
        assert answer.json() == [{"prediction": 100.0}] * 2
        assert answer.headers["x-model"] == "champion"
    for name in ("near", "far"):
        eventually(lambda name=name: count(counted, "mlfw_shadow_rows_total", model=name) == 6)  # type: ignore[misc]
    eventually(lambda: count(counted, "mlfw_shadow_failures_total", model="broken") == 3)
    found = {
        name: count(counted, "mlfw_shadow_disagreements_total", model=name, answered_by="champion")
        for name in ("near", "far")
    }
    assert found == {"near": 0, "far": 6}


def test_a_slow_shadow_delays_no_answer(counted: Counted) -> None:
    begun = time.monotonic()
    for _ in range(20):
        assert counted[0].post("/predict", json=ROWS).status_code == 200
    took = time.monotonic() - begun
    done = count(counted, "mlfw_shadow_rows_total", model="slow") / len(ROWS)
    assert done <= took / PAUSE + 10  # it still has most of them before it


def test_what_a_shadow_refuses_or_the_model_does_is_not_asked_again(counted: Counted) -> None:
    before = count(counted, "mlfw_shadow_failures_total", model="broken")
    assert counted[0].post("/predict", json=[{"y": 1}]).status_code == 422
    assert counted[0].post("/predict", json=[]).json() == []
    asked = counted[0].post("/predict", json=ROWS, headers={"X-Model": "near"})
    assert asked.json() == [{"prediction": 104.0}] * 2
    assert count(counted, "mlfw_shadow_failures_total", model="broken") <= before + 20


def test_a_shadow_that_cannot_keep_up_passes_requests_over(
    tmp_path: Path,
    write_level: Callable[..., Path],
    serve_counted: Callable[..., Counted],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    folders = {
        "champion": write_level(tmp_path / "champion", 1),
        "slow": write_level(tmp_path / "slow", 1, pause=PAUSE),
    }
    body = b'[{"x": 1}]'
    served = ServedModels(folders=folders, shadows=("slow",))
    counted = serve_counted(served, max_body=2 * len(body))
    for _ in range(10):
        answer = counted[0].post(
            "/predict", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 200

    def all_rows() -> float:
        names = ("mlfw_shadow_dropped_rows_total", "mlfw_shadow_rows_total")
        return sum(count(counted, name, model="slow") for name in names)

    eventually(lambda: all_rows() == 10)
    assert count(counted, "mlfw_shadow_rows_total", model="slow") >= 1


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
