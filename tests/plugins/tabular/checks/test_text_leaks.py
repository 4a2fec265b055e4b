"""Texts, codes and lists that hold the answer are told from those that are merely useful."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from check_tables import Held, load
from mlfw import Action, LoadContext, StreamedSplits
from mlfw.schema import Kind
from mlfw_tabular.parquet import Parquet

ROWS = 400
ONLY = {"all": Action.off, "leaks": Action.warn}
CLASSES = ("Renewed", "Moved away", "Not paid")
WORDS = {"Renewed": "stays", "Moved away": "gone", "Not paid": "dunned"}
FILLER = [
    "the",
    "of",
    "customer",
    "and",
    "wrote",
    "that",
    "we",
    "should",
    "see",
    "to",
    "it",
    "by",
    "friday",
    "again",
    "please",
    "note",
]

Text = Callable[[str, int, np.random.Generator], str | None]


def filler(random: np.random.Generator, words: int = 6) -> str:
    return " ".join(random.choice(FILLER, words))


def table(text: Text, target: Any = CLASSES, rows: int = ROWS) -> pa.Table:
    """Return rows with a text made from each row's target and number, and a column of noise."""
    random = np.random.default_rng(1)
    y = [target[i] for i in random.integers(0, len(target), rows)]
    return pa.table(
        {
            "text": pa.array([text(own, i, random) for i, own in enumerate(y)], pa.string()),
            "noise": random.normal(size=rows),
            "y": y,
        }
    )


def leaks(rows: pa.Table, **options: Any) -> list[str]:
    return [finding.message for finding in load("leaks", "warn", rows, **options).findings]


LEAKING: dict[str, tuple[Text, Any]] = {
    "the class's name in a sentence": (
        lambda y, i, r: f"{filler(r)} ({y.lower()}), {filler(r)}",
        CLASSES,
    ),
    "the class's name within a word": (
        lambda y, i, r: f"{filler(r)} file_{y.replace(' ', '')}2.pdf {filler(r)}",
        ("alpha", "beta"),
    ),
    "a code for each class": (
        lambda y, i, r: f"{filler(r)} [{y[0]}{len(y)}] {filler(r)}",
        CLASSES,
    ),
    "another word for each class": (
        lambda y, i, r: f"{filler(r)} {WORDS[y]}",
        CLASSES,
    ),
    "a word for one class of two": (
        lambda y, i, r: f"{filler(r)} {'refunded' if y == 'yes' else ''} {filler(r)}",
        ("no", "yes"),
    ),
    "one name within another": (
        lambda y, i, r: f"{filler(r)} is {y} {filler(r)}",
        ("male", "female"),
    ),
    "a text only for one class": (
        lambda y, i, r: f"{filler(r)} {i}" if y == "lost" else None,
        ("kept", "lost"),
    ),
    "a category with a value for each row": (
        lambda y, i, r: f"{i * 7919 % 10007}-{y.upper()}",
        ("kept", "lost"),
    ),
    "a number in a sentence": (
        lambda y, i, r: f"{filler(r)} for {y:.2f} EUR {filler(r)} {r.integers(99)}",
        tuple(np.random.default_rng(2).normal(900, 200, 300).round(2).tolist()),
    ),
    "a wrong word in a row or two": (
        lambda y, i, r: f"{filler(r)} {CLASSES[0] if i == 7 else y} {filler(r)}",
        CLASSES,
    ),
}
USEFUL: dict[str, tuple[Text, Any]] = {
    "nothing but filler": (lambda y, i, r: filler(r, 12), CLASSES),
    "many words of which each tells a class": (
        lambda y, i, r: f"{filler(r)} " + " ".join(f"{y[:2]}{n}" for n in r.integers(0, 30, 6)),
        ("good", "bad"),
    ),
    "the class's name in most rows": (
        lambda y, i, r: f"{filler(r)} {y if r.random() < 0.9 else ''} {filler(r)}",
        CLASSES,
    ),
    "the class's name, and in some rows another's": (
        lambda y, i, r: f"{filler(r)} {y if r.random() < 0.93 else r.choice(CLASSES)}",
        CLASSES,
    ),
    "a number near the target": (
        lambda y, i, r: f"{filler(r)} about {y * r.normal(1, 0.1):.0f} EUR {filler(r)}",
        tuple(np.random.default_rng(2).normal(900, 200, 300).round(2).tolist()),
    ),
}


@pytest.mark.parametrize("name", LEAKING)
def test_a_text_that_holds_the_answer_is_a_leak(name: str) -> None:
    (message,) = leaks(table(*LEAKING[name]))

    assert message.startswith("alone predicts y nearly perfectly")


@pytest.mark.parametrize("name", USEFUL)
def test_a_text_that_is_merely_useful_is_none(name: str) -> None:
    assert leaks(table(*USEFUL[name])) == []


def test_the_words_are_named() -> None:
    rows = table(*LEAKING["another word for each class"])

    (message,) = leaks(rows)

    assert {"'stays'", "'gone'", "'dunned'"} <= set(message.replace(",", " ").split())


def test_a_text_that_tells_one_of_several_labels_is_a_leak() -> None:
    random = np.random.default_rng(0)
    held = random.random((ROWS, 2)) < 0.4
    labels = [[name for name, has in zip("ab", row, strict=True) if has] or ["c"] for row in held]
    remarks = [f"{filler(random)} {'surely' if row[1] else ''} {filler(random)}" for row in held]
    rows = pa.table({"text": remarks, "n": random.normal(size=ROWS), "y": pa.array(labels)})

    (message,) = leaks(rows)

    assert message == "alone predicts y nearly perfectly, by 'surely'"


@pytest.mark.parametrize("name", ["the class's name in a sentence", "a text only for one class"])
def test_texts_of_streamed_rows_are_looked_at(name: str, tmp_path: Path) -> None:
    pq.write_table(table(*LEAKING[name]), tmp_path / "rows.parquet")
    (tmp_path / "made").mkdir()
    dataset = Parquet(
        path=str(tmp_path / "rows.parquet"),  # type: ignore[arg-type]
        target=["y"],
        stream=True,
        checks=ONLY,
    )

    data = dataset.load(LoadContext(folder=tmp_path / "made"))

    assert isinstance(data, StreamedSplits)
    assert [finding.column for finding in data.findings] == ["text"]


def test_a_rare_class_is_found_among_many_rows_in_order_and_long_texts() -> None:
    random = np.random.default_rng(0)
    long = [filler(random, 300) for _ in range(50)]
    y = ["fraud"] * 120 + ["fine"] * 19_880
    rows = pa.table({"text": [f"{long[i % 50]} {own} {i}" for i, own in enumerate(y)], "y": y})
    kinds = {"columns": {"text": Kind.text}}
    held = Held(rows=rows.append_column("n", pa.array(random.normal(size=len(y)))), **kinds)  # type: ignore[arg-type]

    held.checks = ONLY
    (finding,) = held.load(LoadContext()).findings

    assert finding.message.startswith("alone predicts y nearly perfectly, by ")
    assert finding.message.endswith("(in a sample of 5,000 rows)")
