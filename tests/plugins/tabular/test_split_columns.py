"""Columns of a table decide how its rows are divided, and are no inputs afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlfw import LoadContext, Split, Splits, UserError
from mlfw_tabular.balance import Balance
from mlfw_tabular.csv import Csv

ROWS = 120


def written(folder: Path, **columns: list[object]) -> Path:
    """Write a table with an input `a`, which numbers the rows, and a target `y`."""
    table = {
        "a": list(range(ROWS)),
        **columns,
        "y": ["good" if i % 4 else "bad" for i in range(ROWS)],
    }
    lines = [
        ",".join(table),
        *(",".join(map(str, row)) for row in zip(*table.values(), strict=True)),
    ]
    (folder / "d.csv").write_text("\n".join(lines) + "\n")
    return folder / "d.csv"


def load(path: Path, split: Split, **options: object) -> Splits:
    dataset = Csv(path=str(path), target=["y"], **options)  # type: ignore[arg-type]
    splits = dataset.load(LoadContext(split=split))
    assert isinstance(splits, Splits)
    return splits


def numbers(splits: Splits, name: str) -> set[int]:
    return {int(value) for value in splits.rows(name)["a"].to_pylist()}


def test_a_group_column_divides_and_is_no_input(tmp_path: Path) -> None:
    path = written(tmp_path, who=[f"p{i % 20}" for i in range(ROWS)])

    splits = load(path, Split(group="who", folds=3))

    assert splits.schema.names == ("a",)
    assert splits.train.column_names == ["a", "y"]
    held = [{i % 20 for i in numbers(splits, name)} for name in ("train", "validation", "test")]
    assert sum(map(len, held)) == 20
    for number in range(3):
        fold = splits.fold(number)
        train, own = ({i % 20 for i in numbers(fold, name)} for name in ("train", "validation"))
        assert train | own == held[0] | held[1]
        assert not train & own
        assert numbers(fold, "test") == numbers(splits, "test")


def test_a_time_column_divides_and_stays_an_input(tmp_path: Path) -> None:
    days = [f"2024-{i // 28 + 1:02}-{i % 28 + 1:02}" for i in reversed(range(ROWS))]

    splits = load(written(tmp_path, day=days), Split(time="day"))

    assert splits.schema.names == ("a", "day")
    assert max(numbers(splits, "test")) < min(numbers(splits, "validation"))
    assert max(numbers(splits, "validation")) < min(numbers(splits, "train"))
    assert splits.count("test") == 24


def test_a_split_column_is_obeyed_in_any_case_and_is_no_input(tmp_path: Path) -> None:
    words = ["Train", "TRAINING", " dev ", "val", "Valid", "validation", "test", "TEST"]

    splits = load(written(tmp_path, part=words * 15), Split(column="part"))

    assert splits.schema.names == ("a",)
    assert {i % 8 for i in numbers(splits, "train")} == {0, 1}
    assert {i % 8 for i in numbers(splits, "validation")} == {2, 3, 4, 5}
    assert {i % 8 for i in numbers(splits, "test")} == {6, 7}


def test_a_split_that_the_column_does_not_name_is_taken_from_training(tmp_path: Path) -> None:
    path = written(tmp_path, part=["train", "train", "test"] * 40)

    splits = load(path, Split(column="part", validation=0.25))

    assert {i % 3 for i in numbers(splits, "test")} == {2}
    assert splits.count("test") == 40
    assert splits.count("validation") == 20
    assert splits.count("train") == 60


def test_groups_and_a_split_column_are_obeyed_together(tmp_path: Path) -> None:
    who = [f"p{i // 6}" for i in range(ROWS)]
    part = ["test" if i >= 90 else "train" for i in range(ROWS)]

    splits = load(written(tmp_path, who=who, part=part), Split(group="who", column="part", folds=3))

    assert numbers(splits, "test") == set(range(90, ROWS))
    assert not {i // 6 for i in numbers(splits, "train")} & {
        i // 6 for i in numbers(splits, "validation")
    }
    part[89] = "test"
    with pytest.raises(UserError, match="of the group 'p14' into the training and the test split"):
        load(written(tmp_path, who=who, part=part), Split(group="who", column="part"))


def test_rows_given_as_a_file_of_their_own_are_in_no_fold(tmp_path: Path) -> None:
    tested = tmp_path / "tested"
    tested.mkdir()
    written(tested, who=[f"q{i % 20}" for i in range(ROWS)]).rename(tmp_path / "test.csv")
    path = written(tmp_path, who=[f"p{i % 20}" for i in range(ROWS)])

    splits = load(path, Split(group="who", folds=3), test=[str(tmp_path / "test.csv")])

    assert splits.count("test") == ROWS
    assert splits.count("train") + splits.count("validation") == ROWS
    validating = [
        row for number in range(3) for row in splits.fold(number).validation["a"].to_pylist()
    ]
    assert sorted(validating) == list(range(ROWS))


def test_a_split_column_beside_given_files_is_refused(tmp_path: Path) -> None:
    written(tmp_path, part=["test"] * ROWS).rename(tmp_path / "test.csv")
    path = written(tmp_path, part=["train"] * ROWS)

    with pytest.raises(UserError, match="the validation or test rows are given as files"):
        load(path, Split(column="part"), test=[str(tmp_path / "test.csv")])


def test_rows_without_a_target_shift_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, part=["train", "val", "test"] * 40)
    lines = path.read_text().splitlines()
    lines[1:] = [
        line.rpartition(",")[0] + "," if i < 30 else line for i, line in enumerate(lines[1:])
    ]
    path.write_text("\n".join(lines))

    splits = load(path, Split(column="part"))

    assert {i % 3 for i in numbers(splits, "validation")} == {1}
    assert splits.count("validation") == 30


def test_repeated_rows_never_train_and_validate_in_one_fold(tmp_path: Path) -> None:
    splits = load(written(tmp_path), Split(folds=4), balance=Balance.oversample)

    pool = numbers(splits, "train") | numbers(splits, "validation")
    for number in range(4):
        fold = splits.fold(number)
        assert not numbers(fold, "train") & numbers(fold, "validation")
        assert numbers(fold, "train") | numbers(fold, "validation") == pool
        assert fold.count("validation") == len(numbers(fold, "validation"))
        classes = fold.train["y"].to_pylist()
        assert classes.count("good") == classes.count("bad")


def test_a_class_with_fewer_rows_than_folds_is_told_of(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + "1,rare\n2,rare\n3,rare\n")

    findings = load(path, Split(folds=5)).findings
    (finding,) = (finding for finding in findings if finding.check == "folds")

    assert finding.message.startswith("1 of 3 classes have fewer rows than the 5 folds")


@pytest.mark.parametrize(
    ("columns", "split", "options", "message"),
    [
        ({"who": ["a"] * ROWS}, Split(group="woh"), {}, "no column 'woh'.*who"),
        ({"who": ["a", "b"] * 60}, Split(group="who"), {}, "2 groups cannot be divided into 3"),
        ({"who": ["a", "b", ""] * 40}, Split(group="who"), {}, "40 of 120 rows have no group"),
        ({"t": [1, 2, 3, ""] * 30}, Split(time="t"), {}, "30 of 120 rows have no time"),
        ({"t": ["x", "y", "z"] * 40}, Split(time="t"), {}, "expected dates or numbers, .*'x'"),
        ({"t": [7] * ROWS}, Split(time="t"), {}, "1 different times cannot"),
        (
            {"p": ["train", "0"] * 60},
            Split(column="p"),
            {},
            "row 2: expected train, validation or test, found '0'; 60 rows",
        ),
        ({"p": ["train", ""] * 60}, Split(column="p"), {}, "row 2: .* found no value"),
        ({"who": ["a"] * ROWS}, Split(group="who"), {"drop": ["who"]}, "dataset.drop leaves"),
        ({}, Split(group="y"), {}, "is what is to be predicted"),
        ({}, Split(column="a"), {}, "row 1: expected train, validation or test, found '0'"),
        ({}, Split(folds=200), {}, "only 96 training and validation rows"),
    ],
)
def test_what_cannot_be_divided_by_is_refused(
    columns: dict[str, list[object]],
    split: Split,
    options: dict[str, object],
    message: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(UserError, match=f"(?s){message}"):
        load(written(tmp_path, **columns), split, **options)


def test_groups_alone_leave_nothing_to_predict_from(tmp_path: Path) -> None:
    path = written(tmp_path)

    with pytest.raises(UserError, match="no column is left to predict from"):
        load(path, Split(group="a"))


def test_every_row_of_a_fold_comes_with_its_own_values(tmp_path: Path) -> None:
    splits = load(written(tmp_path), Split(folds=3))

    for number in range(3):
        for name in ("train", "validation"):
            rows = splits.fold(number).rows(name)
            assert [int(a) % 4 == 0 for a in rows["a"].to_pylist()] == [
                y == "bad" for y in rows["y"].to_pylist()
            ]
            assert np.all(np.diff(splits.folds[number].train) > 0)
