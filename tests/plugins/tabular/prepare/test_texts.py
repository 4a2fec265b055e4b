"""Texts become weighted counts for estimators and numbers of words for networks."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Column, Kind, Schema, Task
from mlfw_tabular import Preprocessor
from mlfw_tabular.prepare.words import runs_of, words_of


def fit(values: list[str | None], **options: Any) -> tuple[Preprocessor, pa.Table]:
    schema = Schema.of(
        (Column(name="t", kind=Kind.text, prepare=options),),
        Column(name="y", kind=Kind.number),
        Task.regression,
    )
    rows = pa.table({"t": pa.array(values, pa.string())})
    return Preprocessor.fit(rows, schema), rows


def test_words_are_letters_marks_and_digits_of_any_script() -> None:
    words = words_of(pa.array(["Ärger, mit x_1!", None, "", "हिन्दी शब्द", "...a"]))

    assert words.values.to_pylist() == ["ärger", "mit", "x_1", "हिन्दी", "शब्द", "a"]
    assert words.parents.tolist() == [0, 0, 0, 3, 3, 4]


@given(st.lists(st.none() | st.text("ab ,"), max_size=6), st.integers(1, 4))
@settings(deadline=None, max_examples=50)
def test_runs_of_words_never_cross_rows(texts: list[str | None], longest: int) -> None:
    runs = runs_of(words_of(pa.array(texts, pa.string())), longest)

    expected = []
    for row, text in enumerate(texts):
        words = (text or "").replace(",", " ").split()
        expected += [
            (row, " ".join(words[i : i + size]))
            for size in range(1, longest + 1)
            for i in range(len(words) - size + 1)
        ]
    found = list(zip(runs.parents.tolist(), runs.values.to_pylist(), strict=True))
    assert sorted(found) == sorted(expected)


def test_tfidf_is_as_in_the_book() -> None:
    preprocessor, rows = fit(["red red fish", "blue fish", "red hat"])
    place = {name: i for i, name in enumerate(preprocessor.number_names)}
    red = np.log(4 / 3) + 1  # both words stand in two of three rows
    expected = np.array([2 * red, red]) / np.hypot(2 * red, red)

    first = preprocessor.matrix(rows)[0]

    assert first[[place["t has red"], place["t has fish"]]] == pytest.approx(expected)


def test_hashed_words_are_the_same_in_every_process() -> None:
    preprocessor, rows = fit(["red fish", None], encode="hash", buckets=8, ngrams=2)
    program = (
        "import zlib\n"
        "for w in ('red', 'fish', 'red fish'):\n"
        "    h = zlib.crc32(w.encode()); print(h % 8, 1 - 2 * (h >> 31))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    expected = np.zeros(8)
    for line in found.stdout.splitlines():
        bucket, sign = map(int, line.split())
        expected[bucket] += sign

    matrix = preprocessor.matrix(rows)

    assert matrix[0] == pytest.approx(expected / max(np.sqrt((expected**2).sum()), 1e-9))
    assert not matrix[1].any()


def test_tokens_are_cut_filled_up_and_told_apart_from_unknown_words() -> None:
    preprocessor, _ = fit(["b a", "a b", "a c"], length=3)
    later = pa.table({"t": pa.array(["A d", "b a b a", None, ""])})

    tokens = preprocessor.transform(later, network=True).tokens["t"]

    assert tokens.dtype == np.int32
    assert tokens.tolist() == [[2, 1, 0], [3, 2, 3], [0, 0, 0], [0, 0, 0]]


def test_the_length_is_enough_for_most_training_texts() -> None:
    preprocessor, _ = fit(["one two three"] * 99 + ["long " * 90])

    assert preprocessor.texts["t"].length == 3
