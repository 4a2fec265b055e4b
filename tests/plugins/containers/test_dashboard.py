"""The dashboard of Grafana: what its panels ask is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlfw_containers.dashboard import dashboard

BOARD = dashboard("mlfw: penguins", "mlfw-penguins", classes=True, values=True)
WORDS = re.compile(r"\bmlfw_[a-z_]+")
# What the service counts, and the labels of each.
METRICS = {
    "mlfw_request_seconds_bucket": {"route", "status", "model", "le"},
    "mlfw_request_seconds_count": {"route", "status", "model"},
    "mlfw_batch_rows_bucket": {"model", "le"},
    "mlfw_batch_rows_sum": {"model"},
    "mlfw_predictions_total": {"target", "class", "model"},
    "mlfw_prediction_value_bucket": {"target", "model", "le"},
    "mlfw_input_missing_total": {"column"},
    "mlfw_input_unseen_total": {"column"},
    "mlfw_input_out_of_range_total": {"column"},
    "mlfw_requests_in_flight": set(),
    "mlfw_model_info": {"name", "version", "use"},
}


def expressions(board: dict[str, Any]) -> list[str]:
    """Return what the panels of a dashboard ask."""
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def filled(expression: str) -> str:
    """Return an expression as Grafana sends it."""
    return expression.replace("$__rate_interval", "1m").replace("$model", ".*")


def test_every_panel_asks_only_for_what_the_service_counts() -> None:
    asked = {word for expression in expressions(BOARD) for word in WORDS.findall(expression)}
    assert asked == METRICS.keys()


def test_every_label_is_one_that_the_metric_has() -> None:
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            names = WORDS.findall(target["expr"])
            had = set().union(*(METRICS[name] for name in names))
            grouped = re.findall(r"by \(([^)]*)\)", target["expr"])
            used = {label.strip() for group in grouped for label in group.split(",")}
            used |= set(re.findall(r"[{,](\w+)=~?\"", target["expr"]))
            used |= set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert used <= had, target["expr"]


def test_panels_have_numbers_of_their_own_and_lie_beside_one_another() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below


def test_only_what_the_model_predicts_is_shown() -> None:
    titles = {
        kind: {p["title"] for p in dashboard("t", "u", classes=c, values=not c)["panels"]}
        for kind, c in (("classes", True), ("values", False))
    }
    assert titles["classes"] ^ titles["values"] == {"Predicted classes", "Predicted values"}


def test_every_expression_is_one_that_prometheus_understands(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    rules = [
        {"record": f"panel:{number}", "expr": filled(expression)}
        for number, expression in enumerate(expressions(BOARD))
    ]
    content = {"groups": [{"name": "panels", "rules": rules}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(content))
    done = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
