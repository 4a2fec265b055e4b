"""Kinds and tasks are inferred by the stated rules."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlfw import Kind, Task, UserError
from mlfw_tabular.infer import infer_kind, infer_task


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "NA", "-3e4"], Kind.number),
        (["007", "012", "113"], Kind.category),
        (["0.5", "0.7"], Kind.number),
        (["0", "1", "0"], Kind.boolean),
        (["yes", "No", "", "YES"], Kind.boolean),
        (["t", "f"], Kind.boolean),
        (["2024-01-01", "2024-12-31 10:00"], Kind.datetime),
        (["2024-13-01", "2024-12-31"], Kind.category),
        (["red", "blue", "red"], Kind.category),
        (["1", "2", "three"], Kind.category),
        (["the cat sat", "a dog ran off", "no fish here"], Kind.text),
        (["the cat sat"] * 9 + ["a dog ran"], Kind.category),
        (["", "NA"], Kind.category),
        ([True, None], Kind.boolean),
        ([1, 2], Kind.number),
        ([1.5], Kind.number),
    ],
)
def test_a_column_has_the_kind_of_its_values(values: list[object], kind: Kind) -> None:
    assert infer_kind(pa.array(values)) is kind


def test_typed_columns_keep_their_type() -> None:
    assert infer_kind(pa.array([0, 1]).cast(pa.timestamp("s"))) is Kind.datetime
    assert infer_kind(pa.array([0], pa.date32())) is Kind.datetime
    assert infer_kind(pa.array(["a", "b"]).dictionary_encode()) is Kind.category
    assert infer_kind(pa.array(["1", "2"]).dictionary_encode()) is Kind.number


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
    ],
)
def test_the_task_follows_from_the_target(values: list[object], kind: Kind, task: Task) -> None:
    assert infer_task("y", pa.array(values), kind) is task


def test_a_target_that_never_repeats_is_refused() -> None:
    with pytest.raises(UserError, match="30 different values in 30 rows"):
        infer_task("y", pa.array([f"id {i}" for i in range(30)]), Kind.category)
