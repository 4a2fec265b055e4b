"""The card of a saved model: what it predicts, how well, from which data, and under which licence.

The sections follow Mitchell et al. (2019), Model Cards for Model Reporting.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlfw.components.splits import SPLIT_NAMES, TEST
from mlfw.files import finite, read_json
from mlfw.pipeline.markdown import plain, table
from mlfw.pipeline.report import BASELINE_NOTE, Metrics, metrics_table, shown

if TYPE_CHECKING:
    from mlfw.pipeline.work import Work

CARD, CARD_TEXT = "card.json", "card.md"
ACCURACY = "accuracy"
NORMAL_95 = 1.959964  # the 97.5 % point of the standard normal distribution
SHOWN_SOFTWARE = ("mlfw", "numpy", "onnx", "onnxruntime", "scikit-learn", "torch")


def card_files(work: Work, metrics: Metrics) -> dict[str, str]:
    """Return the texts of `card.json` and `card.md`, by name.

    Args:
        work: The run, whose model is saved.
        metrics: The metrics by split.
    """
    card = finite(_card(work, metrics))
    content = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return {CARD: content, CARD_TEXT: _text(card)}


def accuracy_limits(accuracy: float, rows: int) -> tuple[float, float]:
    """Return the limits of an accuracy at 95 % confidence: Wilson's score interval (1927).

    Args:
        accuracy: The share of rows that were predicted correctly, 0 to 1.
        rows: How many rows were predicted, at least 1.
    """
    squared = NORMAL_95**2
    centre = (accuracy + squared / (2 * rows)) / (1 + squared / rows)
    spread = math.sqrt(accuracy * (1 - accuracy) / rows + squared / (4 * rows**2))
    half = NORMAL_95 * spread / (1 + squared / rows)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _card(work: Work, metrics: Metrics) -> dict[str, Any]:
    record, splits = work.directory.record(), work.splits
    rows = {name: splits.count(name) for name in SPLIT_NAMES}
    return {
        "name": record.name,
        "model": record.model,
        "created": time.strftime("%Y-%m-%d", time.gmtime(record.created)),
        "license": work.config.run.license,
        "targets": [
            {
                "name": target.name,
                "task": target.task.value,
                "classes": list(target.classes),
                "positive": target.positive or None,
            }
            for target in splits.schema.targets
        ],
        "inputs": [
            {"name": column.name, "kind": column.kind.value} for column in splits.schema.columns
        ],
        "data": {
            "dataset": record.dataset,
            "fingerprint": work.fingerprints["prepare"],
            "rows": rows,
        },
        "metrics": metrics,
        "limits": _limits(metrics, rows[TEST]),
        "software": _software(work),
    }


def _limits(metrics: Metrics, rows: int) -> dict[str, list[float]]:
    """Return the limits of the metrics on the test rows that are shares of rows, by name."""
    return {
        name: list(accuracy_limits(value, rows))
        for name, value in metrics[TEST].items()
        if name.rpartition("/")[2] == ACCURACY and isinstance(value, float) and 0 <= value <= 1
        if rows
    }


def _software(work: Work) -> dict[str, str]:
    environment = read_json(work.directory.path / "environment.json")
    packages = {"mlfw": environment["mlfw"], **environment["packages"]}
    found = {name: packages[name] for name in SHOWN_SOFTWARE if name in packages}
    return {"python": environment["python"], **found}


def _text(card: Mapping[str, Any]) -> str:
    data, rows = card["data"], card["data"]["rows"]
    lines = [
        f"# {plain(card['name'])}",
        "",
        f"- Predicts: {plain(_predicted(card['targets']))}",
        f"- Model: {plain(card['model'])}, trained with mlfw, {card['created']}",
        f"- License: {plain(card['license'] or 'not stated')}",
        "",
        "## Data",
        "",
        f"- Data set: {plain(data['dataset'])}, fingerprint {data['fingerprint']}",
        f"- Rows: {rows['train']:,} for training, {rows['validation']:,} for validation, "
        f"{rows['test']:,} for testing",
        "",
        *table(["input", "kind"], [[each["name"], each["kind"]] for each in card["inputs"]]),
        "",
        "## Metrics",
        "",
        *table(*metrics_table(card["metrics"])),
        "",
        BASELINE_NOTE,
        *(_limit(name, limits, rows["test"]) for name, limits in card["limits"].items()),
        "",
        "## Limits",
        "",
        "The metrics hold for rows like those of the test split, and say nothing about others: "
        "rows from another source or time, numbers far outside those of training, or categories "
        "that training never saw. A relation that the model has learnt need not be a cause.",
        "",
        "## Software",
        "",
        *(f"- {plain(name)} {plain(number)}" for name, number in card["software"].items()),
    ]
    return "\n".join(lines) + "\n"


def _predicted(targets: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{target['name']} ({target['task']})" for target in targets)


def _limit(name: str, limits: Sequence[float], rows: int) -> str:
    low, high = map(shown, limits)
    return (
        f"With 95 % confidence, {plain(name)} lies between {low} and {high} (Wilson's score "
        f"interval, {rows:,} test rows)."
    )
