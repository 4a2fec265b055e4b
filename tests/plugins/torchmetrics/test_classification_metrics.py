"""Accuracy, precision, recall, F1 and the confusion matrix agree with scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

import mlfw
from mlfw_torchmetrics import Average
from mlfw_torchmetrics.classification import F1, Accuracy, Precision, Recall
from mlfw_torchmetrics.confusion import ConfusionMatrix

AVERAGED = [(F1, sk.f1_score), (Precision, sk.precision_score), (Recall, sk.recall_score)]


def schema_of(*classes: str, kind: mlfw.Kind = mlfw.Kind.category) -> mlfw.Schema:
    target = mlfw.Column(name="y", kind=kind, integer=kind is mlfw.Kind.number)
    task = mlfw.Task.binary if len(classes) == 2 else mlfw.Task.multiclass
    return mlfw.Schema.of(columns=(), target=target, task=task, classes=classes)


def predictions_of(schema: mlfw.Schema, codes: list[int]) -> pa.Table:
    return mlfw.predictions_table(schema, np.eye(len(schema.classes))[codes])


@st.composite
def labels(draw: st.DrawFn, classes: int) -> tuple[list[int], list[int]]:
    rows = draw(st.integers(1, 30))
    codes = st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows)
    return draw(codes), draw(codes)


@settings(max_examples=25, deadline=None)
@given(labels(2))
def test_binary_metrics_are_those_of_the_last_class(given: tuple[list[int], list[int]]) -> None:
    true, predicted = given
    schema = schema_of("no", "yes")
    table = predictions_of(schema, predicted)
    for metric, reference in AVERAGED:
        value = metric(average=Average.weighted).compute(pa.array(true), table, schema)
        expected = reference(true, predicted, pos_label=1, zero_division=0)
        expected = expected if 1 in true else math.nan
        assert value == pytest.approx(expected, abs=1e-6, nan_ok=True)
    accuracy = Accuracy().compute(pa.array(true), table, schema)
    assert accuracy == pytest.approx(sk.accuracy_score(true, predicted), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(labels(4), st.sampled_from(list(Average)))
def test_multiclass_metrics_are_averaged_as_scikit_learn_does(
    given: tuple[list[int], list[int]], average: Average
) -> None:
    true, predicted = given
    schema = schema_of("a", "b", "c", "d")
    table = predictions_of(schema, predicted)
    for metric, reference in AVERAGED:
        value = metric(average=average).compute(pa.array(true), table, schema)
        expected = reference(true, predicted, average=average.value, zero_division=0)
        assert value == pytest.approx(expected, abs=1e-6)
    accuracy = Accuracy().compute(pa.array(true), table, schema)
    assert accuracy == pytest.approx(sk.accuracy_score(true, predicted), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(labels(4))
def test_confusion_matrix_counts_true_classes_down_and_predicted_ones_across(
    given: tuple[list[int], list[int]],
) -> None:
    true, predicted = given
    schema = schema_of("a", "b", "c", "d")
    matrix = ConfusionMatrix().compute(pa.array(true), predictions_of(schema, predicted), schema)
    assert matrix == sk.confusion_matrix(true, predicted, labels=range(4)).tolist()


def test_the_predicted_label_is_judged_and_not_the_largest_probability() -> None:
    schema = schema_of("no", "yes")
    table = predictions_of(schema, [0, 0]).set_column(0, "prediction", pa.array(["yes", "no"]))
    assert Accuracy().compute(pa.array([1, 0]), table, schema) == 1.0


@pytest.mark.parametrize(
    ("schema", "labels"),
    [
        (schema_of("false", "true", kind=mlfw.Kind.boolean), [True, False, True]),
        (schema_of("3", "12", kind=mlfw.Kind.number), [12, 3, 12]),
    ],
)
def test_labels_may_be_booleans_and_numbers(schema: mlfw.Schema, labels: list[object]) -> None:
    table = predictions_of(schema, [1, 0, 1])
    assert table["prediction"].to_pylist() == labels
    target = schema.codes(pa.table({"y": labels}))
    assert Accuracy().compute(target, table, schema) == 1.0
    assert Recall().compute(target, table, schema) == 1.0


def test_labels_that_training_never_saw_are_wrong_predictions() -> None:
    schema = schema_of("a", "b", "c")
    target = pa.array([0, 1, None, 2, None], pa.int64())
    table = predictions_of(schema, [0, 1, 2, 2, 0])
    as_if_known = [0, 1, 3, 2, 3], [0, 1, 2, 2, 0]
    assert Accuracy().compute(target, table, schema) == 0.6
    for metric, reference in AVERAGED:
        expected = reference(*as_if_known, average="macro", zero_division=0)
        assert metric().compute(target, table, schema) == pytest.approx(expected, abs=1e-6)
    matrix = ConfusionMatrix().compute(target, table, schema)
    assert matrix == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]]


def test_an_unknown_label_in_a_binary_task_is_not_of_the_positive_class() -> None:
    schema = schema_of("no", "yes")
    target = pa.array([1, None, None], pa.int64())
    table = predictions_of(schema, [1, 1, 0])
    assert Precision().compute(target, table, schema) == 0.5
    assert Recall().compute(target, table, schema) == 1.0
    assert Accuracy().compute(target, table, schema) == pytest.approx(1 / 3, abs=1e-6)


def test_without_rows_a_metric_is_undefined() -> None:
    schema = schema_of("a", "b", "c")
    table = mlfw.predictions_table(schema, np.zeros((0, 3)))
    target = pa.array([], pa.int64())
    for metric in (Accuracy(), F1(), Precision(), Recall()):
        assert math.isnan(metric.compute(target, table, schema))
    assert ConfusionMatrix().compute(target, table, schema) == [[0] * 3] * 3


def test_without_a_row_of_the_positive_class_its_metrics_are_undefined() -> None:
    schema = schema_of("no", "yes")
    table = predictions_of(schema, [1, 0, 0])
    for metric in (F1(), Precision(), Recall()):
        assert math.isnan(metric.compute(pa.array([0, 0, 0]), table, schema))
        assert metric.compute(pa.array([0, 1, 0]), table, schema) == 0.0
    assert Accuracy().compute(pa.array([0, 0, 0]), table, schema) == pytest.approx(2 / 3, abs=1e-6)


def test_a_value_has_no_more_digits_than_it_was_computed_with() -> None:
    schema = schema_of("no", "yes")
    table = predictions_of(schema, [1] * 10)
    assert repr(Accuracy().compute(pa.array([1] * 9 + [0]), table, schema)) == "0.9"
