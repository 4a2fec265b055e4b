"""The Grafana dashboard of the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SOURCE = {"type": "prometheus", "uid": "prometheus"}
MODEL = 'model=~"$model"'
WIDTH = 24  # columns of Grafana's grid
RATE = "[$__rate_interval]"
BAD = 'status=~"5.."'


@dataclass(frozen=True)
class Query:
    """One line, or one group of lines, of a panel.

    Attributes:
        expression: What Prometheus is asked, in PromQL.
        legend: What the line is called; `{{label}}` stands for a label's value.
    """

    expression: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One picture.

    Attributes:
        title: Its heading.
        about: What it shows, for whoever points at its heading.
        queries: What it shows.
        unit: Grafana's name of the unit.
        kind: Grafana's name of the kind of picture.
        width: How many of the 24 columns it takes.
        stacked: Whether the lines stand on one another.
    """

    title: str
    about: str
    queries: Sequence[Query]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    stacked: bool = False


def share(part: str, whole: str) -> str:
    """Return the share of one rate in another; 0 where there is nothing."""
    return f"({part}) / clamp_min({whole}, 1e-9)"


REQUESTS = f"sum(rate(mlfw_request_seconds_count{{{MODEL}}}{RATE}))"
FAILED = f"sum(rate(mlfw_request_seconds_count{{{MODEL},{BAD}}}{RATE})) or vector(0)"
ROWS = f"sum(rate(mlfw_batch_rows_sum{{{MODEL}}}{RATE}))"
ALL_ROWS = f"sum(rate(mlfw_batch_rows_sum{RATE}))"  # inputs are counted for all models together


def quantile(q: float, metric: str, labels: str = "") -> str:
    """Return the expression of a quantile of a histogram."""
    return f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{{{labels}}}{RATE})))"


TRAFFIC = (
    Panel(
        "Requests a second",
        "All requests, by the status of the answer.",
        [
            Query(
                f"sum by (status) (rate(mlfw_request_seconds_count{{{MODEL}}}{RATE}))", "{{status}}"
            )
        ],
        unit="reqps",
        stacked=True,
    ),
    Panel(
        "Time to answer",
        "How long the fastest half, 95 % and 99 % of the requests take at most.",
        [
            Query(quantile(q, "mlfw_request_seconds", MODEL), f"{round(100 * q)} %")
            for q in (0.5, 0.95, 0.99)
        ],
        unit="s",
    ),
    Panel(
        "Answers of 5xx",
        "The share of requests that failed through no fault of the caller.",
        [Query(share(FAILED, REQUESTS), "5xx")],
        unit="percentunit",
    ),
    Panel(
        "Requests under way",
        "How many requests are being answered.",
        [Query("sum(mlfw_requests_in_flight)", "under way")],
    ),
    Panel(
        "Rows a second",
        "How many rows are predicted.",
        [Query(ROWS, "rows")],
        unit="rowsps",
    ),
    Panel(
        "Rows a request",
        "How many rows half and 95 % of the requests bring at most.",
        [Query(quantile(q, "mlfw_batch_rows", MODEL), f"{round(100 * q)} %") for q in (0.5, 0.95)],
    ),
)
CLASSES = Panel(
    "Predicted classes",
    "How often each class is predicted. What changes here has changed in the world or in the data.",
    [
        Query(
            f"sum by (target, class) (rate(mlfw_predictions_total{{{MODEL}}}{RATE}))",
            "{{target}}: {{class}}",
        )
    ],
    stacked=True,
    width=12,
)
VALUES = Panel(
    "Predicted values",
    "A tenth, half and nine tenths of the predicted values are at most this.",
    [
        Query(quantile(q, "mlfw_prediction_value", MODEL), f"{round(100 * q)} %")
        for q in (0.1, 0.5, 0.9)
    ],
    width=12,
)
INPUTS = tuple(
    Panel(
        title,
        about,
        [
            Query(
                f"sum by (column) (rate({metric}{RATE})) / scalar(clamp_min({ALL_ROWS}, 1e-9))",
                "{{column}}",
            )
        ],
        unit="percentunit",
        width=12 if place == 0 else 6,
    )
    for place, (title, about, metric) in enumerate(
        (
            (
                "Missing values",
                "The share of rows without a value in a column.",
                "mlfw_input_missing_total",
            ),
            (
                "Unknown categories",
                "The share of rows with a category that training never saw.",
                "mlfw_input_unseen_total",
            ),
            (
                "Numbers out of range",
                "The share of rows with a number outside of those that the model was trained on.",
                "mlfw_input_out_of_range_total",
            ),
        )
    )
)
SERVED = Panel(
    "Models",
    "What is served.",
    [Query("mlfw_model_info == 1", "")],
    kind="table",
    width=24,
)


def dashboard(title: str, uid: str, *, classes: bool, values: bool) -> dict[str, Any]:
    """Return the dashboard as Grafana keeps it.

    Args:
        title: Its title.
        uid: What Grafana knows it by, up to 40 letters, digits and hyphens.
        classes: Whether the model predicts classes.
        values: Whether the model predicts numbers.
    """
    predicted = [panel for panel, shown in ((CLASSES, classes), (VALUES, values)) if shown]
    panels = placed([*TRAFFIC, *predicted, *INPUTS, SERVED])
    return {
        "uid": uid,
        "title": title,
        "tags": ["mlfw"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "templating": {"list": [_choice()]},
        "panels": panels,
    }


def placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Return panels as Grafana keeps them, in rows from left to right."""
    height, x, y = 8, 0, 0
    made = []
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y = 0, y + height
        place = {"h": height, "w": panel.width, "x": x, "y": y}
        made.append(_panel(panel, number, place))
        x += panel.width
    return made


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    table = panel.kind == "table"
    custom: dict[str, Any] = {}
    options: dict[str, Any] = {}
    if not table:
        stacking = {"group": "A", "mode": "normal" if panel.stacked else "none"}
        custom = {"fillOpacity": 20 if panel.stacked else 5, "stacking": stacking}
        options = {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    return {
        "id": number,
        "title": panel.title,
        "description": panel.about,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "custom": custom, **({} if table else {"min": 0})},
            "overrides": [],
        },
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + position),
                "datasource": SOURCE,
                "expr": query.expression,
                "legendFormat": query.legend,
                "range": not table,
                "instant": table,
                **({"format": "table"} if table else {}),
            }
            for position, query in enumerate(panel.queries)
        ],
    }


def _choice() -> dict[str, Any]:
    """Return the list of models at the top of the page."""
    query = "label_values(mlfw_model_info, name)"
    return {
        "name": "model",
        "label": "Model",
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "models"},
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "sort": 1,
    }
