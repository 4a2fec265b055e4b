"""Categories become codes, or what the target is like; never a row's own target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlfw import Column, Kind, Schema, Target, Task
from mlfw_tabular import Preprocessor

NUMBER = Target(column=Column(name="y", kind=Kind.number), task=Task.regression)


def schema(*targets: Target, **options: Any) -> Schema:
    column = Column(name="c", kind=Kind.category, prepare=options)
    return Schema(columns=(column,), targets=targets or (NUMBER,))


def test_rare_categories_are_as_unknown() -> None:
    rows = pa.table({"c": ["a", "a", "b", "c", "c", "c"]})

    often = Preprocessor.fit(rows, schema(min_count=2))
    one = Preprocessor.fit(rows, schema(most=1))

    assert often.transform(rows).codes[:, 0].tolist() == [1, 1, 0, 2, 2, 2]
    assert one.transform(rows).codes[:, 0].tolist() == [0, 0, 0, 1, 1, 1]


def test_a_category_is_drawn_to_the_mean_of_all_by_the_smoothing() -> None:
    rows = pa.table({"c": ["a", "a", "b", "b"], "y": [0.0, 0.0, 8.0, 8.0]})
    later = pa.table({"c": ["a", "b", "new", None]})

    preprocessor = Preprocessor.fit(rows, schema(encode="target", smoothing=2))
    numbers = preprocessor.transform(later).numbers[:, 0]

    # Means of 2 and 6 around 4 instead of 0 and 8, then scaled to a deviation of 1.
    assert numbers.tolist() == [-1.0, 1.0, 0.0, 0.0]
    assert preprocessor.number_names == ("c mean y",)
    assert preprocessor.cardinalities == ()


def test_a_row_is_never_encoded_by_its_own_target() -> None:
    names = [f"only once {i}" for i in range(400)]
    values = np.random.default_rng(0).normal(size=400)
    rows = pa.table({"c": names, "y": values})
    chosen = schema(encode="target", smoothing=0)

    preprocessor, features = Preprocessor.fit_transform(rows, chosen, seed=1)

    assert abs(np.corrcoef(features.numbers[:, 0], values)[0, 1]) < 0.3
    assert np.corrcoef(preprocessor.transform(rows).numbers[:, 0], values)[0, 1] > 0.99


def test_out_of_fold_numbers_are_the_means_of_the_other_folds() -> None:
    rows = pa.table({"c": ["a"] * 6, "y": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]})

    preprocessor, features = Preprocessor.fit_transform(
        rows, schema(encode="target", folds=6, smoothing=0), seed=3
    )

    own = np.arange(6.0)
    assert features.numbers[:, 0] == pytest.approx((15 - own) / 5 - 2.5)
    again = Preprocessor.fit_transform(rows, schema(encode="target", folds=6, smoothing=0), seed=3)
    assert np.array_equal(again[1].numbers, features.numbers)
    assert preprocessor.transform(rows).numbers.tolist() == [[0.0]] * 6


def test_every_task_has_its_numbers(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "c": ["a", "b", "a", "b"] * 5,
            "y": np.arange(20.0),
            "two": ["no", "yes", "no", "yes"] * 5,
            "three": ["u", "v", "w", "v"] * 5,
            "tags": [["s"], ["t"], [], ["s", "t"]] * 5,
        }
    )
    category, labels = Kind.category, Kind.labels
    targets = (
        NUMBER,
        Target(column=Column(name="two", kind=category), task=Task.binary, classes=("no", "yes")),
        Target(
            column=Column(name="three", kind=category),
            task=Task.multiclass,
            classes=("u", "v", "w"),
        ),
        Target(column=Column(name="tags", kind=labels), task=Task.multilabel, classes=("s", "t")),
    )

    preprocessor = Preprocessor.fit(rows, schema(*targets, encode="target"))

    assert preprocessor.number_names == (
        "c mean y",
        "c share of two yes",
        "c share of three u",
        "c share of three v",
        "c share of three w",
        "c share of tags s",
        "c share of tags t",
    )
    assert np.sign(preprocessor.matrix(rows)[0]).tolist() == [-1, -1, 1, -1, 1, 0, -1]
    preprocessor.save(tmp_path)
    assert np.array_equal(Preprocessor.load(tmp_path).matrix(rows), preprocessor.matrix(rows))
