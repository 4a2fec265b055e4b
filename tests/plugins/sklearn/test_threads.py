"""Estimators use as many threads as rows are worth, which wait without using the processor."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from threadpoolctl import threadpool_info

import mlfw_sklearn.threads
from conftest import environment
from light_run import light_site
from mlfw import FitContext, LoadContext, Schema, Splits
from mlfw.plugins.builtin import NoTrainer
from mlfw_sklearn import Estimator
from mlfw_sklearn.dataset import Bundled, SklearnDataset
from mlfw_sklearn.models import Boosting, Forest

RUN = ["-m", "mlfw", "run", "dataset=sklearn", "dataset.name=breast_cancer", "model=tree",
       "metrics=[brier]", "run.dir=r"]  # fmt: skip


def openmp_threads() -> set[int]:
    """Return the threads of scikit-learn's OpenMP; other tests may have loaded other ones."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "openmp"]
    own = [pool for pool in pools if "scikit" in pool["filepath"]]
    return {pool["num_threads"] for pool in own or pools}


class Recorder(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Notes how many threads OpenMP and jobs may use in a fit and in predictions."""

    seen: list[tuple[str, set[int], int]] = []  # noqa: RUF012

    def __init__(self, n_jobs: int = -1) -> None:
        self.n_jobs = n_jobs

    def fit(self, matrix: np.ndarray, values: np.ndarray) -> Recorder:
        self.classes_ = np.unique(values)
        self.seen.append(("fit", openmp_threads(), self.n_jobs))
        return self

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        self.seen.append(("predict", openmp_threads(), self.n_jobs))
        return np.full((len(matrix), len(self.classes_)), 1 / len(self.classes_))


@dataclasses.dataclass(kw_only=True)
class Recording(Estimator):
    """Records the threads."""

    jobs: int = -1

    def build(self, schema: Schema) -> Any:
        return Recorder(self.jobs)


@pytest.fixture(scope="module")
def iris() -> Splits:
    return SklearnDataset(name=Bundled.iris).load(LoadContext())


def context(folder: Path) -> FitContext:
    return FitContext(trainer=NoTrainer(), seed=0, folder=folder, report=lambda *_: None)


@pytest.mark.parametrize("worth", [1, 2])
def test_fits_and_predictions_use_the_threads_that_are_worth_it(
    worth: int, iris: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlfw_sklearn.threads, "worth_threads", lambda values: worth)
    Recorder.seen.clear()

    predictor = Recording().fit(iris, context(tmp_path))
    predictor.predict(iris.test.slice(0, 1))

    assert Recorder.seen == [("fit", {worth}, worth), ("predict", {worth}, worth)]
    assert predictor.estimators[0].n_jobs == -1


def test_jobs_that_are_asked_for_are_used(iris: Splits, tmp_path: Path) -> None:
    Recorder.seen.clear()

    Recording(jobs=3).fit(iris, context(tmp_path)).predict(iris.test)

    assert {jobs for *_, jobs in Recorder.seen} == {3}


@pytest.mark.parametrize("model", [Boosting(iterations=5), Forest(trees=5)])
def test_results_do_not_depend_on_the_threads(
    model: Estimator, iris: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for worth in (1, 2):
        monkeypatch.setattr(mlfw_sklearn.threads, "worth_threads", lambda values, n=worth: n)
        results.append(model.fit(iris, context(tmp_path)).predict(iris.test))

    assert results[0].equals(results[1])


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ("PASSIVE", "20000")),
        pytest.param({"OMP_WAIT_POLICY": "active"}, ("ACTIVE", None), marks=pytest.mark.slow),
    ],
    ids=["by default", "as the user has set"],
)
def test_the_threads_of_a_run_sleep_while_they_wait(
    chosen: dict[str, str], expected: tuple[str, str | None], tmp_path: Path
) -> None:
    told = environment(OMP_DISPLAY_ENV="verbose", PYTHONPATH=light_site(tmp_path), **chosen)
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        if name not in chosen:
            told.pop(name, None)

    done = subprocess.run(
        [sys.executable, *RUN], cwd=tmp_path, env=told, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    policy, spins = expected
    assert f"OMP_WAIT_POLICY = '{policy}'" in done.stderr
    assert spins is None or f"GOMP_SPINCOUNT = '{spins}'" in done.stderr
