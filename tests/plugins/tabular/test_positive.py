"""The positive class is the rarer one unless the user names the other, whatever they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from check_tables import Held
from mlfw import Action, LoadContext, Schema, Splits, Target, UserError
from mlfw.schema.cast import FALSE_WORDS, TRUE_WORDS
from mlfw_tabular.parquet import Parquet
from mlfw_tabular.positive import find_class, rarer_class

OFF = {"all": Action.off}


def table(labels: list[Any]) -> pa.Table:
    return pa.table({"x": np.random.default_rng(0).normal(0, 1, len(labels)), "y": labels})


def loaded(labels: list[Any], **options: Any) -> Splits:
    splits = Held(rows=table(labels), checks=OFF, **options).load(LoadContext())
    assert isinstance(splits, Splits)
    return splits


@pytest.mark.parametrize("rare", ["alarm", "zebra"])
def test_the_rarer_class_is_the_positive_one_and_the_last(rare: str) -> None:
    target = loaded(["most"] * 30 + [rare] * 10).schema.only
    assert (target.classes, target.positive) == (("most", rare), rare)


@pytest.mark.parametrize("rare", [0, 1])
def test_of_numbers_too_the_rarer_one_is_positive(rare: int) -> None:
    assert loaded([1 - rare] * 30 + [rare] * 10).schema.only.positive == str(rare)


@pytest.mark.parametrize("asked", ["a", "b"])
def test_a_class_that_is_asked_for_is_positive_however_rare(asked: str) -> None:
    assert loaded(["a"] * 30 + ["b"] * 10, positive=asked).schema.only.positive == asked


@pytest.mark.parametrize("first", ["no", "yes"])
def test_of_two_classes_of_one_size_the_one_that_says_yes_is_positive(first: str) -> None:
    other = {"no": "yes", "yes": "no"}[first]
    assert loaded([first, other] * 20).schema.only.positive == "yes"


@pytest.mark.parametrize("first", ["a", "b"])
def test_of_two_other_classes_of_one_size_the_later_to_occur_is_positive(first: str) -> None:
    other = {"a": "b", "b": "a"}[first]
    assert loaded([first, other] * 20).schema.only.positive == other


NAMES = (
    st.text("abyz ", min_size=1, max_size=4)
    .map(lambda text: f"c{text}".strip())
    .filter(lambda name: name not in {*TRUE_WORDS, *FALSE_WORDS})
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.booleans(), min_size=20, max_size=40).filter(
        lambda rows: min(rows.count(True), rows.count(False)) > 4
    ),
    st.lists(NAMES, min_size=2, max_size=2, unique=True),
    st.lists(NAMES, min_size=2, max_size=2, unique=True),
)
def test_a_renamed_label_changes_neither_the_split_nor_a_class_number(
    rows: list[bool], before: list[str], after: list[str]
) -> None:
    def codes(names: list[str]) -> list[list[int]]:
        splits = loaded([names[row] for row in rows])
        return [splits.schema.codes(splits.rows(name)).to_pylist() for name in ("train", "test")]

    assert codes(before) == codes(after)


def test_streamed_rows_have_the_same_positive_class(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(table((["most"] * 3 + ["alarm"]) * 50), path)

    def positive(number: int, **options: Any) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        data = Parquet(path=[str(path)], target=["y"], stream=True, checks=OFF, **options)
        return data.load(LoadContext(folder=folder)).schema.only.positive

    assert positive(1) == "alarm"
    assert positive(2, positive="most") == "most"
    with pytest.raises(UserError, match=r"dataset\.positive=mots: no class of the target 'y'"):
        positive(3, positive="mots")


def test_of_three_classes_of_which_a_rare_one_is_left_out_the_rarer_of_two_is_positive() -> None:
    labels = ["a"] * 10 + ["b"] * 30 + ["c"] * 2
    checks = {**OFF, "rare_classes": Action.fix}
    schema = Held(rows=table(labels), checks=checks).load(LoadContext()).schema
    assert schema.only.positive == "a"


def test_a_class_that_there_is_not_is_refused_with_the_classes_there_are() -> None:
    with pytest.raises(UserError) as raised:
        loaded(["fraud"] * 10 + ["genuine"] * 30, positive="frued")
    assert "its classes are genuine, fraud" in raised.value.problem.replace(
        "fraud, genuine", "genuine, fraud"
    )
    assert "Did you mean 'fraud'?" in raised.value.remedy
    assert "dataset.positive=" in raised.value.remedy


@pytest.mark.parametrize("labels", [["a", "b", "c"] * 12, [i / 7 for i in range(40)]])
def test_it_is_refused_where_there_are_not_two_classes(labels: list[Any]) -> None:
    with pytest.raises(UserError, match="only a binary target has a positive class"):
        loaded(labels, positive="a")


def test_of_several_targets_every_binary_one_that_has_the_class_takes_it() -> None:
    rows = table(["yes"] * 30 + ["no"] * 10)
    rows = rows.append_column("z", pa.array(["off"] * 5 + ["on"] * 35))
    schema: Schema = (
        Held(rows=rows, target=["y", "z"], checks=OFF, positive="yes").load(LoadContext()).schema
    )
    assert [target.positive for target in schema.targets] == ["yes", "off"]


@pytest.mark.parametrize(
    ("asked", "classes", "found"),
    [
        ("True", ("no", "yes"), "yes"),
        ("False", ("No", "Yes"), "No"),
        ("true", ("false", "true"), "true"),
        ("1.0", ("0", "1"), "1"),
        ("yes ", ("no", "yes"), "yes"),
        ("YES", ("no", "yes"), "yes"),
        ("Yes", ("YES", "Yes"), "Yes"),
        ("yes", ("YES", "Yes"), None),
        ("2", ("0", "1"), None),
    ],
)
def test_a_class_is_found_as_yaml_and_hydra_read_it(
    asked: str, classes: tuple[str, ...], found: str | None
) -> None:
    assert find_class(asked, classes) == found


def test_rows_count_and_not_names() -> None:
    assert rarer_class(("a", "b"), {"b": 3, "a": 3}) == "a"
    assert rarer_class(("a", "b"), {"b": 3}) == "a"
    assert rarer_class(("a", "b"), {"a": 3, "b": 3}) == "b"
    assert rarer_class(("1", "2"), {"1": 3, "2": 3}) == "2"
    assert rarer_class(("0", "1"), {"1": 3, "0": 3}) == "1"


def test_an_older_schema_keeps_its_positive_class() -> None:
    old = {"column": {"name": "y", "kind": "category"}, "task": "binary", "classes": ["a", "b"]}
    target: Target = Schema.from_json({"columns": [], "targets": [old]}).only
    assert target.positive == "b"
