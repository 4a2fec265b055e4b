"""What the checks before the division find, and what they let be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from check_tables import ROWS, Held, changed, clean, load, with_column
from mlfw import Action, Kind, LoadContext, Split, Splits, Task
from mlfw_sklearn.dataset import Bundled, SklearnDataset
from mlfw_tabular.checks import check_rows
from mlfw_tabular.checks.naming import differing_share
from mlfw_tabular.csv import Csv


def found(splits: Splits) -> list[tuple[str, str]]:
    return [(finding.check, finding.column) for finding in splits.findings]


def messages(check: str, table: pa.Table, action: str = "warn", **options: Any) -> list[str]:
    return [finding.message for finding in load(check, action, table, **options).findings]


def test_the_penguins_get_sensible_findings(penguins: Path) -> None:
    splits = Csv(path=str(penguins), target=["Sex"]).load(LoadContext())

    assert found(splits) == [
        ("missing_target", "Sex"),
        ("constant", "Region"),
        ("constant", "Stage"),
        ("identifiers", "Individual ID"),
        ("unseen", "Comments"),
    ]
    assert splits.findings[0].message == "11 rows of 344 without a value in the target"
    assert "Region" not in splits.schema.names
    assert "Region" not in splits.test.column_names


def test_a_remark_that_is_written_only_for_one_class_gives_it_away(penguins: Path) -> None:
    splits = Csv(path=str(penguins), target=["Clutch Completion"]).load(LoadContext())

    assert ("leaks", "Comments") in found(splits)


@pytest.mark.parametrize("name", [Bundled.iris, Bundled.wine, Bundled.breast_cancer])
def test_a_good_column_is_no_leak(name: Bundled) -> None:
    assert "leaks" not in {
        check for check, _ in found(SklearnDataset(name=name).load(LoadContext()))
    }


@pytest.mark.parametrize("species", ["Species", "Island", "Body Mass (g)"])
def test_a_birds_measures_are_no_leaks(species: str, penguins: Path) -> None:
    splits = Csv(path=str(penguins), target=[species]).load(LoadContext())

    assert "leaks" not in {check for check, _ in found(splits)}


def test_a_number_that_follows_the_target_is_a_leak() -> None:
    random = np.random.default_rng(99)
    target = random.lognormal(size=ROWS)
    table = with_column("y", target, with_column("fee", np.log(target) * 1.19 + 2))

    assert found(load("leaks", "warn", table)) == [("leaks", "fee")]


def test_a_column_that_gives_one_of_several_targets_away_is_told_by_name() -> None:
    labels = [["a"] if i % 2 else ["a", "b"] for i in range(ROWS)]
    table = with_column("tags", pa.array(labels), with_column("even", [i % 2 for i in range(ROWS)]))

    splits = load("leaks", "warn", table, target=["y", "tags"], columns={"tags": Kind.labels})

    (finding,) = splits.findings
    assert finding.column == "even"
    assert "predicts tags nearly perfectly" in finding.message


def test_rare_labels_go_with_their_rows() -> None:
    labels = [["odd"] if i % 2 else ["even", "never" if i < 4 else "low"] for i in range(ROWS)]
    table = with_column("tags", pa.array(labels))

    splits = load("rare_classes", "fix", table, target=["y", "tags"], columns={"tags": Kind.labels})

    assert splits.schema.targets[1].classes == ("even", "low", "odd")
    assert splits.train.num_rows + splits.validation.num_rows + splits.test.num_rows == ROWS - 2


def test_two_classes_are_always_left() -> None:
    splits = load("rare_classes", "fix", with_column("y", ["no"] * (ROWS - 3) + ["yes"] * 3))

    (finding,) = splits.findings
    assert not finding.fixed
    assert splits.schema.only.classes == ("no", "yes")


def test_what_is_left_of_three_classes_is_a_binary_task() -> None:
    splits = load("rare_classes", "fix", changed("y", range(3), "perhaps"))

    assert set(splits.schema.only.classes) == {"no", "yes"}
    assert splits.schema.task is Task.binary


def test_imbalance_is_mended_by_weights_and_not_looked_at_where_it_was_seen_to() -> None:
    table = with_column("y", ["yes" if i % 20 else "no" for i in range(ROWS)])

    target = load("imbalance", "fix", table).schema.only

    assert target.classes == ("yes", "no")
    assert target.weights[1] > 5 * target.weights[0]
    assert messages("imbalance", table, balance="weights") == []


def test_an_identifier_is_a_sequence_or_another_word_in_every_row() -> None:
    shuffled = np.random.default_rng(0).permutation(ROWS)
    rising = np.cumsum(np.arange(ROWS) % 9 + 1)
    for values in (shuffled, shuffled + 0.0, rising, [f"K-{i:05}" for i in shuffled]):
        assert messages("identifiers", with_column("id", values)), values[:3]
    for values in (shuffled // 2, shuffled * 1.5, shuffled * 1000):
        assert not messages("identifiers", with_column("id", values)), values[:3]


GIVEN = ["Ann", "Bo", "Cy", "Dara", "Eve", "Finn", "Gus", "Hana", "Ida", "Jon"]
FAMILY = [
    f"{first}{last}" for first in ("Ad", "Bra", "Cu", "Dor") for last in ("ams", "ndt", "rtis")
]
PEOPLE = [(given, family, initial) for given in GIVEN for family in FAMILY for initial in "JQ"]
INITIALS = "ABCDEFGHIJ"
NAMES: dict[str, Callable[[int], str]] = {
    "codes": lambda i: f"N{i // 2}A{i % 2}",
    "numbered": lambda i: f"bird {i}",
    "grouped digits": lambda i: f"AB {i:03} {i * 7 % 10}",
    "people": lambda i: f"{PEOPLE[i][1]}, {PEOPLE[i][0]} {INITIALS[i * 7 % 10]}.",
    "people in capitals": lambda i: f"{PEOPLE[i][0]}{PEOPLE[i][2]} {PEOPLE[i][1]}".upper(),
    "files": lambda i: f"scan {i}.pdf",
    "phones": lambda i: f"+49 {i * 37 % 900 + 100} {i * 7919 % 90000 + 10000}",
    "short words": lambda i: f"SKU {i * 37 % 9000 + 1000} {'AB'[i % 2]}",
}
KEPT: dict[str, Callable[[int], str]] = {
    "weights": lambda i: f"{60 + i * 0.7:.1f} kg",
    "units": lambda i: f"{600 + 3 * i} {'CC' if i % 2 else 'ccm'}",
    "thousands": lambda i: f"{i + 100}k",
    "prices": lambda i: f"€ {i * 13 + 5},99",
    "shares": lambda i: f"{i / 7:.3f} %",
    "times": lambda i: f"{i // 60}:{i % 60:02}",
    "phrases": lambda i: f"{PEOPLE[i][1]} {PEOPLE[i][0]}{PEOPLE[i][2]}".lower(),
    "texts": lambda i: f"Bird {i} was seen by {PEOPLE[i][0]} near the {PEOPLE[i][1]} lake",
    "titled people": lambda i: f"{PEOPLE[i][1]}, {'Mr.' if i % 2 else 'Miss.'} {PEOPLE[i][0]}{i}",
    "few codes": lambda i: f"A{i % 40}",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_and_codes_that_differ_in_nearly_every_row_are_identifiers(name: str) -> None:
    values = [NAMES[name](i) if i % 50 else None for i in range(ROWS)]

    assert messages("identifiers", with_column("id", values)), values[:3]


@pytest.mark.parametrize("name", KEPT)
def test_measurements_and_texts_are_no_identifiers(name: str) -> None:
    values = [KEPT[name](i) for i in range(ROWS)]

    findings = load("identifiers", "warn", with_column("id", values)).findings

    assert "identifiers" not in {finding.check for finding in findings}, values[:3]


@pytest.mark.parametrize("name", ["weights", "units", "thousands", "prices", "shares", "times"])
def test_measurements_that_are_read_as_words_do_not_look_like_identifiers(name: str) -> None:
    values = pa.array([KEPT[name](i) for i in range(ROWS)])

    assert differing_share(Kind.category, values) is None


def test_codes_of_which_half_differ_are_identifiers() -> None:
    values = [f"N{i * 7 % 131}A1" for i in range(ROWS)]

    (finding,) = load("identifiers", "fix", with_column("Bird: ID", values)).findings

    assert finding.fixed
    assert finding.remedy == "Left out. To keep it: 'dataset.columns.\"Bird: ID\"=category'"


def test_a_column_whose_kind_is_named_is_no_identifier_and_not_mixed() -> None:
    words = [f"w{i}" for i in range(ROWS)]
    named = {"columns": {"id": Kind.category}}

    assert messages("identifiers", with_column("id", words))
    assert not messages("identifiers", with_column("id", words), **named)
    mixed = [str(i % 50) if i % 15 else f"none {chr(97 + i // 15)}" for i in range(ROWS)]
    assert not messages("mixed_types", with_column("id", mixed), **named)


def test_a_column_is_always_left_to_learn_from() -> None:
    table = pa.table({"id": list(range(ROWS)), "y": clean()["y"]})

    (finding,) = load("identifiers", "fix", table).findings

    assert not finding.fixed


def test_columns_that_rows_are_divided_by_are_let_be() -> None:
    table = with_column("when", list(range(ROWS)), with_column("batch", [1.0] * ROWS))
    known = Held(rows=table).understood(table)
    rows, schema = known.rows, known.schema
    context = LoadContext(split=Split(time="when", group="batch"))

    checked = check_rows(rows, schema, {"all": Action.fix}, context)

    assert {"when", "batch"} <= set(checked.table.column_names)
    assert checked.findings == ()


def test_numbers_with_a_few_words_between_them_become_numbers() -> None:
    mixed = [f"{i * 0.5}" if i % 15 else f"n.a. {chr(97 + i // 15)}" for i in range(ROWS)]

    splits = load("mixed_types", "fix", with_column("mixed", mixed))

    column = splits.schema.column("mixed")
    assert column.kind is Kind.number
    assert column.missing
    (finding,) = splits.findings
    assert "224 of 240 values are numbers" in finding.message
    assert "'n.a. a'" in finding.message


def test_dates_with_a_few_words_between_them_become_dates() -> None:
    mixed = [
        f"2020-01-{i % 28 + 1:02}" if i % 15 else f"soon {chr(97 + i // 15)}" for i in range(ROWS)
    ]

    splits = load("mixed_types", "fix", with_column("mixed", mixed))

    assert splits.schema.column("mixed").kind is Kind.datetime


@pytest.mark.parametrize("word", ["{:05}", "{}a", "2020-99-{:02}"])
def test_codes_are_words_and_no_numbers(word: str) -> None:
    assert not messages(
        "mixed_types", with_column("code", [word.format(i % 90) for i in range(ROWS)])
    )


def test_rows_that_cannot_differ_are_no_duplicates() -> None:
    few = pa.table({"a": [i % 2 for i in range(ROWS)], "y": [str(i % 3) for i in range(ROWS)]})

    assert messages("duplicates", few) == []
    assert messages("overlap", few) == []


def test_only_whole_rows_are_duplicates() -> None:
    again = clean().slice(0, 6)
    other = with_column("colour", ["grey"] * 6, again)
    empty = with_column("price", pa.nulls(6, pa.float64()), again)

    assert messages("duplicates", pa.concat_tables([clean(), other])) == []
    assert messages("duplicates", pa.concat_tables([clean(), empty, empty])) == [
        "repeated rows: 6 of 252"
    ]


def test_infinities_become_missing_in_every_row() -> None:
    splits = load("infinities", "fix", changed("size", [0, 1, 2, 3], float("-inf")))

    nulls = sum(rows["size"].null_count for rows in (splits.train, splits.validation, splits.test))
    assert nulls == 4
    assert splits.findings[0].rows == 4


def test_columns_with_a_dictionary_are_checked_like_words() -> None:
    table = clean()
    encoded = table.set_column(3, "colour", table["colour"].combine_chunks().dictionary_encode())
    known = Held(rows=table).understood(table)
    rows, schema = known.rows, known.schema
    coded = rows.set_column(3, "colour", encoded["colour"])

    for made in (rows, coded):
        twice = pa.concat_tables([made, made.slice(0, 5)])
        found = check_rows(twice, schema, {}, LoadContext()).findings
        assert [finding.message for finding in found] == ["repeated rows: 5 of 245"]


def test_it_is_told_which_rows_are_kept() -> None:
    table = pa.concat_tables([clean(), clean().slice(0, 5)])
    known = Held(rows=table).understood(table)
    rows, schema = known.rows, known.schema

    checked = check_rows(rows, schema, {"duplicates": Action.fix}, LoadContext())

    assert checked.kept.tolist() == list(range(ROWS))
    assert checked.table.equals(rows.slice(0, ROWS))


def test_the_same_image_with_the_same_class_is_a_duplicate() -> None:
    images = [bytes([i, i]) for i in range(ROWS)]
    table = pa.table(
        {"image": pa.array([*images, images[7], None]), "y": ["a", "b"] * (ROWS // 2 + 1)}
    )
    known = Held(rows=table, columns={"image": Kind.image}).understood(table)
    rows, schema = known.rows, known.schema

    twice = pa.concat_tables([rows, rows.slice(3, 1)])

    (finding,) = check_rows(twice, schema, {}, LoadContext()).findings
    assert finding.message == "repeated rows: 1 of 243"
