"""Several spellings of a class, and classes that only validation or test rows have, are said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from check_tables import Held, load
from mlfw import Action, LoadContext, Split, Splits, Task
from mlfw.schema.word_spelling import alike

OFF = {"all": Action.off}


def loaded(labels: list[Any], check: str, action: Action, **options: Any) -> Splits:
    rows = pa.table({"x": np.random.default_rng(0).normal(0, 1, len(labels)), "y": labels})
    splits = Held(rows=rows, checks={**OFF, check: action}, **options).load(LoadContext())
    assert isinstance(splits, Splits)
    return splits


@pytest.mark.parametrize(
    "words",
    [
        ["yes", "YES", "Yes"],
        ["New York", "new-york", "NEW_YORK", "New  York"],
        [">50K", ">50K."],
        ["Straße", "STRASSE"],
        ["ﬁne", "fine"],
    ],
)
def test_words_that_differ_in_spelling_alone_are_alike(words: list[str]) -> None:
    assert alike([*words, "other"]) == [words]


@pytest.mark.parametrize(
    "words", [["A", "A-", "A+"], ["C", "C#", "C++"], ["-1", "1"], ["no", "not"], ["1.5", "15"]]
)
def test_words_that_differ_in_more_are_not(words: list[str]) -> None:
    assert alike(words) == []


def test_spellings_of_a_class_are_said_with_their_rows() -> None:
    labels = ["on time"] * 30 + ["late"] * 12 + ["Late"] * 5 + ["LATE"] * 3
    (finding,) = loaded(labels, "spellings", Action.warn).findings

    assert finding.column == "y"
    assert finding.rows == 8
    assert "class 'late' (12 rows) is also written 'Late' (5), 'LATE' (3)" in finding.message


def test_spellings_are_made_one_class() -> None:
    labels = ["on time"] * 30 + ["late"] * 12 + ["Late"] * 5 + ["LATE"] * 3
    splits = loaded(labels, "spellings", Action.fix)

    assert splits.schema.task is Task.binary
    assert splits.schema.only.classes == ("on time", "late")
    parts = pa.concat_tables([splits.train, splits.validation, splits.test])
    assert parts["y"].to_pylist().count("late") == 20


def test_spellings_of_labels_are_made_one_label() -> None:
    labels = ["red;big", "Red", "big", "red;big", "Red;big", "red"] * 6
    splits = loaded(labels, "spellings", Action.fix)

    assert splits.schema.only.classes == ("big", "red")
    parts = pa.concat_tables([splits.train, splits.validation, splits.test])
    assert sum("red" in own for own in parts["y"].to_pylist()) == 30


def test_two_spellings_of_the_only_class_are_left_as_they_are() -> None:
    splits = loaded(["yes", "YES"] * 20, "spellings", Action.fix)

    assert set(splits.schema.only.classes) == {"yes", "YES"}
    assert not splits.findings[0].fixed


def test_classes_of_the_test_rows_alone_are_said_with_their_rows() -> None:
    rows = pa.table(
        {
            "x": np.random.default_rng(0).normal(0, 1, 60),
            "part": ["train"] * 40 + ["validation"] * 10 + ["test"] * 10,
            "y": ["a", "b"] * 26 + ["c"] * 6 + ["a", "B"],
        }
    )
    held = Held(rows=rows, checks={**OFF, "unseen_classes": Action.warn})
    splits = held.load(LoadContext(split=Split(column="part")))

    (finding,) = splits.findings
    assert (finding.column, finding.rows) == ("y", 7)
    assert "7 rows of validation and test of 'c' (6), 'B' (1)" in finding.message
    assert "counts as wrong" in finding.message


def test_rows_of_classes_that_training_lacks_are_left_out() -> None:
    splits = load("unseen_classes", "fix")

    assert "perhaps" not in splits.test["y"].to_pylist()
    assert splits.test.num_rows == load("unseen_classes", "off").test.num_rows - 4
