"""Predictions as they are written: names that never meet, four digits, label sets as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlfw import Column, Kind, Schema, Target, Task, UserError, predictions_table
from mlfw.pipeline.output import kept_columns, output_table
from mlfw.schema.predictions import output_names, probability_names, single_predictions


def target_of(name: str, *classes: str, task: Task = Task.multiclass, **column: Any) -> Target:
    kind = Kind.number if task is Task.regression else Kind.category
    kind = Kind.labels if task is Task.multilabel else kind
    return Target(column=Column(name=name, kind=kind, **column), task=task, classes=classes)


def schema_of(*targets: Target, inputs: tuple[str, ...] = ()) -> Schema:
    columns = tuple(Column(name=name, kind=Kind.number) for name in inputs)
    return Schema(columns=columns, targets=targets)


MEETING = schema_of(
    target_of("churn", "no", "reason_price", "reason_service"),
    target_of("churn_reason", "none", "price", "service"),
)


def test_probability_columns_of_several_targets_never_meet() -> None:
    names = [name for target in MEETING.targets for name in probability_names(MEETING, target)]

    assert names == [
        "probability_churn_no",
        "probability_churn=reason_price",
        "probability_churn=reason_service",
        "probability_churn_reason_none",
        "probability_churn_reason=price",
        "probability_churn_reason=service",
    ]


def test_each_target_is_measured_by_its_own_probabilities() -> None:
    first, second = np.eye(3), np.eye(3)[::-1]
    predictions = predictions_table(MEETING, [first, second])

    for target, values in zip(MEETING.targets, (first, second), strict=True):
        own = single_predictions(MEETING, target, predictions)
        single = MEETING.single(target)
        found = np.stack([own[name].to_numpy() for name in probability_names(single)], axis=1)
        assert np.array_equal(found, values)
        assert own["prediction"].to_pylist() == [target.classes[i] for i in values.argmax(axis=1)]


def test_names_that_meet_again_with_the_other_mark_are_numbered() -> None:
    schema = schema_of(target_of("a", "b_c", "b=c_d"), target_of("a_b", "c", "x"),
                       target_of("a=b", "c_d", "x"), target_of("a_b=c", "d", "x"))  # fmt: skip
    names = [name for target in schema.targets for name in probability_names(schema, target)]

    assert len(set(names)) == len(names) == 8
    assert predictions_table(schema, [np.full((1, 2), 0.5)] * 4).num_columns == 12


@pytest.mark.parametrize(
    ("target", "inputs", "kept", "expected"),
    [
        ("y", ("prediction",), (), ["prediction_2", "probability_a", "probability_b"]),
        ("prediction", ("x",), (), ["prediction_2", "probability_a", "probability_b"]),
        (
            "y",
            ("probability_a", "probability_a_2"),
            (),
            ["prediction", "probability_a_3", "probability_b"],
        ),
        ("y", ("x",), ("prediction",), ["prediction_2", "probability_a", "probability_b"]),
        ("y", ("x",), ("id",), ["prediction", "probability_a", "probability_b"]),
    ],
)
def test_an_output_column_never_has_the_name_of_a_column_of_the_data(
    target: str, inputs: tuple[str, ...], kept: tuple[str, ...], expected: list[str]
) -> None:
    schema = schema_of(target_of(target, "a", "b", task=Task.binary), inputs=inputs)
    beside = pa.table({name: [1] for name in kept}) if kept else None

    table = output_table(schema, predictions_table(schema, np.array([[0.25, 0.75]])), beside)

    assert table.column_names == [*kept, *expected]
    assert list(output_names(schema, kept).values()) == expected


def test_numbers_have_four_digits() -> None:
    schema = schema_of(target_of("y", task=Task.regression))
    values = [12345.678912, 1.23456, -0.5, 0.000123456, 0.0, 1e-20, np.nan]

    table = output_table(schema, predictions_table(schema, values))

    expected = [12345.6789, 1.2346, -0.5, 0.0001235, 0.0, 1e-20, None]
    assert table["prediction"].to_pylist() == expected


def test_probabilities_have_four_digits_or_as_many_as_wanted() -> None:
    schema = schema_of(target_of("y", "a", "b", task=Task.binary))
    predictions = predictions_table(schema, np.array([[1 / 3, 2 / 3], [0.00004, 0.99996]]))

    four = output_table(schema, predictions)
    all_of_them = output_table(schema, predictions, digits=17)

    assert four["probability_b"].to_pylist() == [0.6667, 1.0]
    assert all_of_them["probability_b"].to_pylist() == predictions["probability_b"].to_pylist()


@pytest.mark.parametrize(
    ("delimiter", "lists", "classes", "expected"),
    [
        (";", False, ("a", "b"), ["a;b", "", "b"]),
        ("|", True, ("a", "b"), ["a|b", "", "b"]),
        ("", True, ("a", "b"), [["a", "b"], [], ["b"]]),
        ("", False, ("a", "b"), ["a;b", "", "b"]),
        ("", False, ("a;x", "b"), ["a;x|b", "", "b"]),
    ],
)
def test_label_sets_are_written_as_they_were_read(
    delimiter: str, lists: bool, classes: tuple[str, ...], expected: list[Any]
) -> None:
    schema = schema_of(target_of("tags", *classes, task=Task.multilabel, format=delimiter))
    predictions = predictions_table(schema, np.array([[1, 1], [0, 0], [0, 1.0]]))

    table = output_table(schema, predictions, lists=lists)

    assert table["prediction"].to_pylist() == expected


ROWS = pa.table({"id": ["a"], "last, first": ["x, y"], "n": [1], "list": [[1]]})


@pytest.mark.parametrize(
    ("asked", "usual", "names"),
    [
        (None, ["id", "gone"], ["id"]),
        (["n"], ["id"], ["n"]),
        (["n,id"], [], ["n", "id"]),
        (["last, first", "n"], [], ["last, first", "n"]),
        (["id", "id"], [], ["id"]),
        ([""], ["id"], []),
    ],
)
def test_columns_of_the_input_are_kept(
    asked: list[str] | None, usual: list[str], names: list[str]
) -> None:
    assert kept_columns(ROWS, asked, usual, "x.csv").column_names == names


def test_a_column_to_keep_has_to_be_there_and_to_be_plain() -> None:
    with pytest.raises(
        UserError, match=r"x\.csv: --keep: missing column idd; found id.*\n.*Did you mean 'id'"
    ):
        kept_columns(ROWS, ["idd"], [], "x.csv")
    with pytest.raises(UserError, match="--keep: column 'list' holds list"):
        kept_columns(ROWS, ["list"], [], "x.csv")
