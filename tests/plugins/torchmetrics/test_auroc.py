"""The area under the ROC curve agrees with scikit-learn, and is undefined where it has to be."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

import mlfw
from mlfw_torchmetrics.ranking import AUROC


def schema_of(classes: int) -> mlfw.Schema:
    target = mlfw.Column(name="y", kind=mlfw.Kind.category)
    task = mlfw.Task.binary if classes == 2 else mlfw.Task.multiclass
    names = tuple(f"c{number}" for number in range(classes))
    return mlfw.Schema.of(columns=(), target=target, task=task, classes=names)


def area(target: list[int | None], probabilities: np.ndarray) -> float:
    schema = schema_of(probabilities.shape[1])
    table = mlfw.predictions_table(schema, probabilities)
    return AUROC().compute(pa.array(target, pa.int64()), table, schema)


def random_probabilities(seed: int, rows: int, classes: int) -> np.ndarray:
    # Few distinct values, so that many rows tie.
    raw = np.random.default_rng(seed).integers(1, 6, (rows, classes)).astype(float)
    return raw / raw.sum(axis=1, keepdims=True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 1), min_size=2, max_size=40))
def test_binary_area_is_that_of_scikit_learn(seed: int, target: list[int]) -> None:
    probabilities = random_probabilities(seed, len(target), 2)
    value = area(target, probabilities)
    if len(set(target)) < 2:
        assert math.isnan(value)
    else:
        assert value == pytest.approx(roc_auc_score(target, probabilities[:, 1]), abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), min_size=4, max_size=40))
def test_multiclass_area_is_the_mean_of_the_classes_that_have_a_curve(
    seed: int, target: list[int]
) -> None:
    probabilities = random_probabilities(seed, len(target), 4)
    one_hot = np.eye(4)[target]
    areas = [
        roc_auc_score(one_hot[:, number], probabilities[:, number])
        for number in range(4)
        if 0 < one_hot[:, number].sum() < len(target)
    ]
    value = area(target, probabilities)
    assert value == pytest.approx(np.mean(areas), abs=1e-5) if areas else math.isnan(value)


def test_with_all_classes_there_it_is_the_usual_macro_average() -> None:
    probabilities = random_probabilities(7, 50, 3)
    target = [number % 3 for number in range(50)]
    expected = roc_auc_score(target, probabilities, multi_class="ovr", average="macro")
    assert area(target, probabilities) == pytest.approx(expected, abs=1e-5)


def test_a_label_that_training_never_saw_belongs_to_no_class() -> None:
    probabilities = np.array([[0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])
    assert area([1, None, 0], probabilities) == 1.0
    assert area([1, 0, None], np.array([[0.5, 0.5], [0.6, 0.4], [0.1, 0.9]])) == 0.5


@pytest.mark.parametrize("target", [[], [1, 1], [0, 0], [None, None]])
def test_without_two_classes_the_area_is_undefined(target: list[int | None]) -> None:
    assert math.isnan(area(target, np.full((len(target), 2), 0.5)))


def test_probabilities_that_are_no_numbers_give_no_area() -> None:
    assert math.isnan(area([0, 1], np.array([[0.5, 0.5], [math.nan, math.nan]])))
