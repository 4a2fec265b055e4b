"""A run with folds judges by all of them, and keeps each fold's metrics."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from conftest import Mlfw
from mlfw import Column, Fold, Kind, Schema, Splits, Target, Task
from mlfw.pipeline.splits_file import load_splits, save_splits
from plugin_folder import write_plugin

RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "run.dir=run",
       "metrics=[accuracy,confusion_matrix]", "split.folds=3")  # fmt: skip
MEAN, DEVIATION = "cross-validation", "cross-validation deviation"

KILLER = """
import os, signal, threading, time
import mlfw

@mlfw.hookimpl
def mlfw_run_started(run):
    def watch():
        while not (run.folder / "folds/00001.json").exists():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("KILL"):
        threading.Thread(target=watch, daemon=True).start()
"""

FRAGILE = """
from dataclasses import dataclass
import mlfw
from mlfw_sklearn.models import Tree

@dataclass(kw_only=True)
class Fragile(Tree):
    \"\"\"A tree that fails where it is deep and has to validate on the smallest row.\"\"\"

    def fit(self, data, context):
        train, own = (min(rows["size"].to_pylist()) for rows in (data.train, data.validation))
        if self.max_depth == 4 and own < train:
            raise mlfw.UserError("cannot do without that row")
        return super().fit(data, context)

@mlfw.hookimpl
def mlfw_models():
    return {"fragile": Fragile}
"""


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def folds_of(run: Path) -> list[dict[str, Any]]:
    return [read(file)["metrics"] for file in sorted((run / "folds").glob("*.json"))]


@pytest.mark.parametrize(
    "model",
    [
        ("model=tree",),
        pytest.param(("model=svm",), marks=pytest.mark.slow),
        pytest.param(("model=linear",), marks=pytest.mark.slow),
        ("model=mlp", "trainer.epochs=2"),
    ],
)
def test_every_family_of_models_is_cross_validated(
    model: tuple[str, ...], tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    done = mlfw_here(*RUN, *model, "split.repeats=2")

    assert done.returncode == 0, done.stderr
    values = [metrics["accuracy"] for metrics in folds_of(tmp_path / "run")]
    metrics = read(tmp_path / "run/metrics.json")
    assert len(values) == 6
    assert metrics[MEAN] == {"accuracy": pytest.approx(fmean(values))}
    assert metrics[DEVIATION] == {"accuracy": pytest.approx(stdev(values))}
    assert MEAN in done.stdout
    report = (tmp_path / "run/report.md").read_text()
    assert "cross-validated on 6 folds" in report
    assert f"{fmean(values):.4g}" in report


def test_folds_leave_split_and_model_as_they_are(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    mlfw_here(*RUN, "model=tree")
    mlfw_here(*RUN, "model=tree", "run.dir=plain", "split.folds=0")

    folded, plain = (read(tmp_path / name / "metrics.json") for name in ("run", "plain"))

    assert {name: folded[name] for name in plain} == plain
    assert set(folded) - set(plain) == {MEAN, DEVIATION}
    assert not (tmp_path / "plain/folds").exists()


def test_evaluate_shows_the_cross_validation(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    mlfw_here(*RUN, "model=tree")
    metrics = read(tmp_path / "run/metrics.json")

    shown = mlfw_here("evaluate", "run")
    machine = json.loads(mlfw_here("evaluate", "run", "--json").stdout)
    other = mlfw_here("evaluate", "run", small_csv)

    assert DEVIATION in shown.stdout
    assert machine[MEAN] == metrics[MEAN]
    assert machine["accuracy"] == metrics["test"]["accuracy"]
    assert MEAN not in other.stdout


def test_a_tuner_judges_by_the_mean_over_folds(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    done = mlfw_here(*RUN, "model=tree", "tuner=grid", "tuner.space.max_depth=[1,3]")

    assert done.returncode == 0, done.stderr
    tuning = read(tmp_path / "run/tuning.json")
    values = [read(file)["value"] for file in sorted((tmp_path / "run/trials").glob("*.json"))]
    assert len(values) == 2
    assert tuning["value"] == max(values)
    # The cross-validation fits the best parameters on the same folds again.
    assert read(tmp_path / "run/metrics.json")[MEAN]["accuracy"] == tuning["value"]


def test_a_failed_fold_fails_its_trial(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(write_plugin(tmp_path, "fragile", FRAGILE))
    fragile = (*RUN, "model=fragile", "split.folds=4")

    tuned = mlfw_here(*fragile, "tuner=grid", "tuner.space.max_depth=[4,1]")
    failed = mlfw_here(*fragile, "model.max_depth=4", "run.dir=failed")

    assert tuned.returncode == 0, tuned.stderr
    trials = [read(file) for file in (tmp_path / "run/trials").glob("*.json")]
    errors = {trial["params"]["max_depth"]: trial["error"] for trial in trials}
    assert errors == {4: "cannot do without that row", 1: ""}
    assert read(tmp_path / "run/tuning.json")["params"] == {"max_depth": 1}
    assert failed.returncode == 2
    assert "fold " in failed.stderr
    assert "cannot do without that row" in failed.stderr


@pytest.mark.slow
def test_a_run_killed_in_the_cross_validation_goes_on_where_it_stopped(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw, mlfw_here: Mlfw
) -> None:
    site = write_plugin(tmp_path, "killer", KILLER)
    command = (*RUN, "model=forest", "model.trees=30", "split.repeats=4")

    killed = mlfw(*command, PYTHONPATH=site, KILL="1")
    folds = tmp_path / "run/folds"
    before = {path.name: path.stat().st_mtime_ns for path in folds.glob("*.json")}
    continued = mlfw_here(*command)
    mlfw_here(*command, "run.dir=whole")

    assert killed.returncode == -signal.SIGKILL
    assert 2 <= len(before) < 12
    assert continued.returncode == 0, continued.stderr
    after = {path.name: path.stat().st_mtime_ns for path in folds.glob("*.json")}
    assert before.items() <= after.items()
    assert len(after) == 12
    assert folds_of(tmp_path / "run") == folds_of(tmp_path / "whole")
    assert read(tmp_path / "run/metrics.json") == read(tmp_path / "whole/metrics.json")


def test_folds_are_kept_with_the_splits(tmp_path: Path) -> None:
    number = Column(name="a", kind=Kind.number)
    target = Target(column=Column(name="y", kind=Kind.number), task=Task.regression)
    tables = [pa.table({"a": [float(i)] * 3, "y": [1.0, 2.0, 3.0]}) for i in range(3)]
    folds = (
        Fold(np.array([0, 0, 3, 5]), np.array([1, 2, 4])),
        Fold(np.array([1]), np.array([], np.int64)),
    )
    schema = Schema(columns=(number,), targets=(target,))

    save_splits(Splits(*tables, schema, folds=folds), tmp_path)
    splits = load_splits(tmp_path, "key")

    assert isinstance(splits, Splits)
    for fold, kept in zip(folds, splits.folds, strict=True):
        assert np.array_equal(fold.train, kept.train)
        assert np.array_equal(fold.validation, kept.validation)
    assert splits.fold(0).train["y"].to_pylist() == [1, 1, 1, 3]
    assert splits.fold(0).train["a"].to_pylist() == [0, 0, 1, 1]
    assert splits.fold(0).test.equals(tables[2])
    assert splits.fold(0).key not in ("", "key", splits.fold(1).key)
    assert not splits.fold(0).folds


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("split.folds=1",), "split.folds=1: one part leaves none to train on"),
        (("split.folds=33",), "split.folds=33: there are only 32 training and validation rows"),
        (("split.group=fresh",), "split.group=fresh: 2 groups cannot be divided into 3 splits"),
        (("split.folds=0", "split.repeats=2"), "split.repeats=2: there are no folds"),
        (("split.column=colour",), "split.column=colour: row 1: expected train, validation or"),
    ],
)
def test_what_cannot_be_divided_ends_with_the_key_and_no_traceback(
    changes: tuple[str, ...], message: str, small_csv: Path, mlfw_here: Mlfw
) -> None:
    failed = mlfw_here(*RUN, "model=tree", *changes)

    assert failed.returncode == 2
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr
