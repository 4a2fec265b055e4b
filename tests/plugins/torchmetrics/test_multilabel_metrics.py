"""Metrics of label sets are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

import mlfw
from mlfw_torchmetrics import Average
from mlfw_torchmetrics.classification import F1, Accuracy, Precision, Recall
from mlfw_torchmetrics.ranking import AUROC

LABELS = ("a", "b", "c")
SCHEMA = mlfw.Schema.of(
    (), mlfw.Column(name="y", kind=mlfw.Kind.labels), mlfw.Task.multilabel, LABELS
)
SETS = st.lists(st.tuples(*[st.booleans()] * 3), min_size=2, max_size=30)


def truth_of(held: np.ndarray) -> pa.Array:
    lists = [[label for label, has in zip(LABELS, row, strict=True) if has] for row in held]
    return SCHEMA.indicators(pa.table({"y": pa.array(lists, pa.list_(pa.string()))}))


@given(st.data())
@settings(deadline=None, max_examples=20)
def test_metrics_of_labels_agree_with_scikit_learn(data: st.DataObject) -> None:
    held = np.array(data.draw(SETS), dtype=int)
    seed = data.draw(st.integers(0, 99))
    probabilities = np.random.default_rng(seed).random(held.shape)
    table = mlfw.predictions_table(SCHEMA, probabilities)
    predicted = (probabilities >= 0.5).astype(int)
    target = truth_of(held)

    assert Accuracy().compute(target, table, SCHEMA) == pytest.approx(
        reference.accuracy_score(held, predicted), abs=1e-6
    )
    for average in Average:
        options = {"average": average.value, "zero_division": 0}
        for metric, function in (
            (F1(average=average), reference.f1_score),
            (Precision(average=average), reference.precision_score),
            (Recall(average=average), reference.recall_score),
        ):
            found = metric.compute(target, table, SCHEMA)
            if average is Average.weighted or held.any():
                expected = function(held, predicted, **options)
                if average is not Average.macro or (held | predicted).any(axis=0).all():
                    assert found == pytest.approx(expected, abs=1e-6)


def test_the_area_is_the_mean_over_labels() -> None:
    held = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]])
    probabilities = np.random.default_rng(0).random(held.shape)

    found = AUROC().compute(truth_of(held), mlfw.predictions_table(SCHEMA, probabilities), SCHEMA)

    assert found == pytest.approx(reference.roc_auc_score(held, probabilities), abs=1e-6)


def test_predicted_labels_are_lists_in_the_order_of_the_labels() -> None:
    table = mlfw.predictions_table(SCHEMA, [[0.9, 0.1, 0.5], [0.2, 0.3, 0.1]])

    assert table["prediction"].to_pylist() == [["a", "c"], []]
    assert table["probability_b"].to_pylist() == [0.1, 0.3]
