"""Every estimator learns from classes of a single row, and from many small classes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import mlfw
from mlfw import Column, FitContext, Kind, Schema, Splits, Task
from mlfw.plugins.builtin import NoTrainer
from mlfw_sklearn import Estimator
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree
from mlfw_sklearn.problems import repeated_rows

MODELS = {
    "tree": Tree(min_samples_leaf=1),
    "forest": Forest(trees=5),
    "boosting": Boosting(iterations=3, min_samples_leaf=1),
    "svm": SVM(),
    "linear": Linear(),
}
# scikit-learn's boosting holds rows out from here on.
HELD_OUT_FROM = 10_001


def splits(sizes: list[int], *, weighted: bool = False) -> Splits:
    """Return training rows of classes of these sizes, and a few rows to predict."""
    random = np.random.default_rng(0)
    classes = tuple(f"class {i}" for i in range(len(sizes)))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    rows = pa.table(
        {
            "x": codes + random.normal(0, 0.1, len(codes)),
            "z": random.normal(0, 1, len(codes)),
            "y": np.array(classes)[codes],
        }
    )
    columns = tuple(Column(name=name, kind=Kind.number) for name in "xz")
    task = Task.binary if len(sizes) == 2 else Task.multiclass
    schema = Schema.of(columns, Column(name="y", kind=Kind.category), task, classes)
    if weighted:
        weights = tuple(len(codes) / len(sizes) / max(size, 1) for size in sizes)
        schema = replace(schema, targets=(replace(schema.only, weights=weights),))
    return Splits(rows, rows.slice(0, 9), rows.slice(0, 9), schema)


def probabilities(model: Estimator, data: Splits, folder: Path) -> np.ndarray:
    context = FitContext(trainer=NoTrainer(), seed=0, folder=folder, report=lambda *_: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = model.fit(data, context)
    return mlfw.probability_matrix(data.schema, fitted.predict(data.train))


@pytest.mark.parametrize("sizes", [[40, 1], [40, 30, 1], [40, 30, 2, 1, 1], [40, 0, 1]])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", MODELS)
def test_a_class_of_one_row_is_learnt_beside_others(
    name: str, weighted: bool, sizes: list[int], tmp_path: Path
) -> None:
    data = splits(sizes, weighted=weighted)

    found = probabilities(MODELS[name], data, tmp_path)

    assert found.shape == (sum(sizes), len(sizes))
    assert np.allclose(found.sum(axis=1), 1)
    assert (found[:40].argmax(axis=1) == 0).mean() > 0.9


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("sizes", [[HELD_OUT_FROM, 1], [HELD_OUT_FROM, 500, 1, 1]])
def test_boosting_stops_early_where_a_class_has_one_row(
    sizes: list[int], weighted: bool, tmp_path: Path
) -> None:
    data = splits(sizes, weighted=weighted)

    found = probabilities(Boosting(iterations=2), data, tmp_path)

    assert found.shape[1] == len(sizes)


@pytest.mark.slow
def test_boosting_stops_early_with_more_classes_than_a_tenth_of_the_rows(tmp_path: Path) -> None:
    data = splits([9] * 1200)

    assert probabilities(Boosting(iterations=1), data, tmp_path).shape[1] == 1200


@pytest.mark.parametrize("name", MODELS)
def test_a_label_of_one_row_is_learnt(name: str, tmp_path: Path) -> None:
    labels = pa.array([["a"] if i % 2 else ["b"] for i in range(60)])
    labels = pa.concat_arrays([labels, pa.array([["a", "rare"]])])
    rows = pa.table({"x": np.arange(61) % 2 * 1.0, "y": labels})
    column = Column(name="y", kind=Kind.category)
    schema = Schema.of(
        (Column(name="x", kind=Kind.number),), column, Task.multilabel, ("a", "b", "rare")
    )

    found = probabilities(MODELS[name], Splits(rows, rows, rows, schema), tmp_path)

    assert found.shape == (61, 3)


def test_repeated_rows_count_together_as_much_as_the_row() -> None:
    codes = np.array([0, 1, 1, 0, 0, 2, 0, 0])

    made = repeated_rows(codes, 5)

    assert made is not None
    rows, weights = made
    assert np.bincount(codes[rows]).tolist() == [5, 6, 5]
    assert np.allclose(np.bincount(rows, weights), 1)
    assert repeated_rows(codes, 1) is None
