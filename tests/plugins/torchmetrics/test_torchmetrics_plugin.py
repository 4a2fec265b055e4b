"""What the plugin registers, and what it keeps away from: imports and the terminal."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pyarrow as pa
import pytest

import mlfw
from mlfw.pipeline.metrics import choose_metrics, main_metric
from mlfw.plugins import load_plugins
from mlfw.schema import Column, Kind, Schema, Target, Task

CLASSIFICATION = ["accuracy", "f1", "precision", "recall", "auroc", "confusion_matrix"]
Y = Column(name="y", kind=Kind.category)
Z = Column(name="z", kind=Kind.number)


def test_a_task_without_named_metrics_gets_its_defaults_in_order() -> None:
    registry = load_plugins().registry
    for task in (Task.binary, Task.multiclass):
        chosen = choose_metrics({}, Schema.of((), Y, task), registry)
        assert list(chosen) == CLASSIFICATION
        assert main_metric(chosen)[0] == "accuracy"
    chosen = choose_metrics({}, Schema.of((), Y, Task.regression), registry)
    assert list(chosen) == ["rmse", "mae", "r2"]
    assert main_metric(chosen)[0] == "rmse"
    chosen = choose_metrics({}, Schema.of((), Y, Task.multilabel), registry)
    assert list(chosen) == CLASSIFICATION[:-1]


def test_with_several_targets_each_has_its_own_metrics() -> None:
    targets = (Target(column=Y, task=Task.binary), Target(column=Z, task=Task.regression))
    registry = load_plugins().registry

    chosen = choose_metrics({}, Schema(columns=(), targets=targets), registry)

    expected = [*(f"y/{name}" for name in CLASSIFICATION), "z/rmse", "z/mae", "z/r2"]
    assert list(chosen) == expected
    assert main_metric(chosen)[0] == "y/accuracy"


def test_importing_the_plugin_imports_no_heavy_library() -> None:
    code = (
        "import mlfw_torchmetrics, sys\n"
        "print({'torch', 'torchmetrics', 'numpy', 'pyarrow', 'scipy'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "set()\n", result.stderr


@pytest.mark.parametrize(
    ("task", "classes"),
    [(Task.binary, "ab"), (Task.multiclass, "abc"), (Task.regression, "")],
)
def test_nothing_reaches_the_terminal_where_torchmetrics_would_warn(
    task: Task, classes: str, capfd: pytest.CaptureFixture[str]
) -> None:
    metrics = [entry.component() for entry in load_plugins().registry.kind("metrics").values()]
    schema = Schema.of((), Y if classes else Z, task, classes=tuple(classes))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for rows in (0, 1, 3):
            values = np.eye(max(len(classes), 1))[[0] * rows]
            table = mlfw.predictions_table(schema, values)
            target = pa.array([1] * rows, pa.int64() if classes else pa.float64())
            for metric in metrics:
                if task in metric.tasks:
                    metric.compute(target, table, schema)

    assert [str(each.message) for each in warned] == []
    assert capfd.readouterr() == ("", "")
