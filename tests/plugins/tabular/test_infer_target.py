"""What is to be predicted, labels and the task are inferred by the stated rules."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlfw import Kind, Task, UserError
from mlfw.schema.cast import cast
from mlfw_tabular.infer import Inferred, infer_and_cast, infer_labels, infer_target, infer_task


@pytest.mark.parametrize(
    ("values", "inferred"),
    [
        (["yes", "no"], Inferred(Kind.category)),
        (["0", "1"], Inferred(Kind.number)),
        ([0, 1], Inferred(Kind.number)),
        ([True, False], Inferred(Kind.boolean)),
        (["1,5", "2,25"], Inferred(Kind.number, "#.###,#")),
        (["the cat sat", "a dog ran off"], Inferred(Kind.category)),
        (["a", "b", "a;b"] * 2, Inferred(Kind.labels, ";")),
        ([["a"], ["a", "b"]], Inferred(Kind.labels)),
        (["007", "010"], Inferred(Kind.category)),
    ],
)
def test_a_target_is_seen_as_what_is_predicted(values: list[object], inferred: Inferred) -> None:
    assert infer_target("y", pa.array(values)) == inferred
    columns, arrays = infer_and_cast(pa.table({"y": values}), targets=["y"])
    assert columns["y"] == inferred
    assert (
        arrays["y"].to_pylist()
        == cast(pa.array(values), inferred.kind, inferred.format).to_pylist()
    )


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["1", "X", "2"], ["1", "X", "2"]),
        (["none", "1", "2", "-"], ["none", "1", "2", None]),
        (["8GB", "16GB"], ["8GB", "16GB"]),
        (["50K", "100K"], ["50K", "100K"]),
        (["1h 30m", "2h"], ["1h 30m", "2h"]),
        (["2024-01", "2024-02"], ["2024-01", "2024-02"]),
        (["Q1 2024", "Q2 2024"], ["Q1 2024", "Q2 2024"]),
        (["08:00", "12:30"], ["08:00", "12:30"]),
        (["yes", "null"], ["yes", "null"]),
    ],
)
def test_classes_stay_as_they_are_written(values: list[str], classes: list[str | None]) -> None:
    columns, arrays = infer_and_cast(pa.table({"y": values * 10}), targets=["y"])

    assert columns["y"].kind is Kind.category
    assert arrays["y"].to_pylist() == classes * 10


def test_targets_with_a_unit_that_are_no_classes_are_numbers() -> None:
    rows = pa.table({"y": [f"{value} kg" for value in range(30)]})

    assert infer_and_cast(rows, targets=["y"])[0]["y"].kind is Kind.number


@pytest.mark.parametrize(
    ("values", "delimiter"),
    [
        (["a;b", "b;c", "a;c", ""], ";"),
        (["a|b", "b", "a"] * 2, "|"),
        (["a, b", "b, c", "a"] * 2, None),
        (["a;b", "c;d"] * 5, None),
        ([f"a{i};b{i}" for i in range(9)], None),
        (["a", "b"], None),
        ([], None),
    ],
)
def test_sets_of_labels_recur_in_other_combinations(
    values: list[str], delimiter: str | None
) -> None:
    assert infer_labels(pa.array(values, pa.string())) == delimiter


def test_a_comma_stands_between_labels_only_where_it_is_asked_for() -> None:
    assert infer_labels(pa.array(["a, b", "b, c", "a"] * 2), [","]) == ","


@pytest.mark.parametrize(
    ("values", "kind", "task"),
    [
        (["a", "b"] * 5, Kind.category, Task.binary),
        (["a", "b", "c"] * 5, Kind.category, Task.multiclass),
        ([True, False], Kind.boolean, Task.binary),
        ([0.0, 1.0, 1.0], Kind.number, Task.binary),
        ([1.0, 2.0, 3.0] * 10, Kind.number, Task.multiclass),
        ([1.0, 2.0, 3.0], Kind.number, Task.regression),
        ([float(i) for i in range(25)] * 10, Kind.number, Task.regression),
        ([0.5, 1.0, 0.5], Kind.number, Task.regression),
        ([["a"], ["b"]], Kind.labels, Task.multilabel),
    ],
)
def test_the_task_follows_from_the_target(values: list[object], kind: Kind, task: Task) -> None:
    assert infer_task("y", pa.array(values), kind) is task


def test_a_target_that_never_repeats_is_refused() -> None:
    with pytest.raises(UserError, match="30 different values in 30 rows"):
        infer_task("y", pa.array([f"id {i}" for i in range(30)]), Kind.category)
