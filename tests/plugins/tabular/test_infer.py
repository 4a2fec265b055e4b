"""The kind of a column is inferred by the stated rules, whatever the order of its rows."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Kind
from mlfw.schema.cast import MISSING_WORDS, cast
from mlfw_tabular.infer import (
    Inferred,
    infer_and_cast,
    infer_column,
    parse_override,
)

WORDS = [
    (["1", "2.5", "NA", "-3e4"], Kind.number),
    ([" 1", "2 ", "+3"], Kind.number),
    (["007", "012", "113"], Kind.category),
    (["-012", "3"], Kind.category),
    ([" 007", "3"], Kind.category),
    (["00", "1"], Kind.category),
    (["0.5", "0.7", "0"], Kind.number),
    (["-0.5", "-0"], Kind.number),
    (["1", "2", "3"] * 20, Kind.number),
    (["0", "1", "0"], Kind.boolean),
    (["0.0", "1.0", ""], Kind.boolean),
    (["0", "0", ""], Kind.number),
    (["1", "1"], Kind.number),
    (["0", "1", "2"], Kind.number),
    (["0", "1", "yes"], Kind.boolean),
    (["yes", "No", "", "YES"], Kind.boolean),
    (["Y", "N"], Kind.boolean),
    (["t", "f"], Kind.boolean),
    (["on", "off"], Kind.boolean),
    (["TRUE", "False"], Kind.boolean),
    (["yes", "no", "maybe"], Kind.category),
    (["red", "blue", "red"], Kind.category),
    (["1", "2", "three"], Kind.category),
    (["nan", "1"], Kind.number),
    (["the cat sat", "a dog ran off", "no fish here"], Kind.text),
    (["the cat sat"] * 9 + ["a dog ran"], Kind.category),
    ([f"Ann Lee{i}" for i in range(50)], Kind.category),
    ([f"https://example.org/{i}" for i in range(50)], Kind.category),
    (["192.168.0.1", "10.0.0.1"], Kind.category),
    (["10-20", "20-30"], Kind.category),
    (["", "NA"], Kind.category),
    ([True, None], Kind.boolean),
    ([1, 2], Kind.number),
    ([0, 1, None], Kind.boolean),
    ([0.0, 1.0, None], Kind.boolean),
    ([0, 0], Kind.number),
    ([0, 1, 0.5], Kind.number),
    ([1.5], Kind.number),
    ([["a"], ["b", "c"]], Kind.labels),
]


@pytest.mark.parametrize(("values", "kind"), WORDS)
def test_a_column_has_the_kind_of_its_values(values: list[object], kind: Kind) -> None:
    assert infer_column("x", pa.array(values)) == Inferred(kind)


def test_typed_columns_keep_their_type() -> None:
    assert infer_column("x", pa.array([0, 1]).cast(pa.timestamp("s"))).kind is Kind.datetime
    assert infer_column("x", pa.array([0], pa.date32())).kind is Kind.datetime
    assert infer_column("x", pa.array(["a", "b"]).dictionary_encode()).kind is Kind.category
    assert infer_column("x", pa.array(["1", "2"]).dictionary_encode()).kind is Kind.number
    assert infer_column("date", pa.array([20241231])).kind is Kind.number


STYLES = {
    "numbers": ["12", "3.5", "-7", "1e3"],
    "codes": ["007", "0123"],
    "words": ["red", "blue"],
    "sentences": [f"the cat {i} sat here" for i in range(3000)],
    "booleans": ["yes", "no"],
    "digits": ["0", "1"],
    "zeros": ["0"],
    "iso": ["2024-01-31", "1999-12-01 10:00"],
    "either order": ["01/02/2024", "05/06/2023"],
    "day first": ["31/01/2024"],
    "month first": ["01/31/2024"],
    "dollars": ["$1,234.50", "$7"],
    "euros": ["€7"],
    "either mark": ["1,234", "5,678"],
    "decimal comma": ["12,5"],
    "missing": ["", "NA", " ? "],
    "blanks": [" 12", "7 "],
}


@given(first=st.sampled_from(list(STYLES)), last=st.sampled_from(list(STYLES)))
@settings(deadline=None, max_examples=60)
def test_a_value_counts_wherever_it_stands(first: str, last: str) -> None:
    many, late = STYLES[first], STYLES[last]
    values = [*(many[i % len(many)] for i in range(3000)), *late]
    # The whole is as its few different values are, most of which decide between words and text.
    every_value = infer_column("x", pa.array([*late, *many] * 3))

    inferred = infer_column("x", pa.array(values))

    if every_value.kind not in (Kind.text, Kind.category):
        assert (inferred.kind, inferred.format) == (every_value.kind, every_value.format)
    assert inferred.kind is infer_column("x", pa.array(values[::-1])).kind
    assert inferred.format == infer_column("x", pa.array(values[::-1])).format


@given(st.lists(st.sampled_from([w for style in STYLES.values() for w in style[:5]]), min_size=1))
@settings(deadline=None)
def test_the_order_of_the_rows_does_not_matter(values: list[str]) -> None:
    shuffled = random.Random(0).sample(values, len(values))

    one, other = (infer_column("x", pa.array(each)) for each in (values, shuffled))

    assert (one.kind, one.format) == (other.kind, other.format)


@given(st.lists(st.sampled_from([w for style in STYLES.values() for w in style[:5]]), min_size=1))
@settings(deadline=None)
def test_what_was_inferred_reads_every_value(values: list[str]) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    typed = cast(pa.array(values), columns["x"].kind, columns["x"].format)

    assert arrays["x"].to_pylist() == typed.to_pylist()
    assert typed.null_count == sum(value.strip() in MISSING_WORDS for value in values)


def test_words_are_kept_as_a_dictionary() -> None:
    _, arrays = infer_and_cast(pa.table({"x": ["a ", "b", "NA", "a", None]}))

    assert arrays["x"].type == pa.dictionary(pa.int32(), pa.string())
    assert arrays["x"].dictionary.to_pylist() == ["a", "b"]
    assert arrays["x"].to_pylist() == ["a", "b", None, "a", None]


def test_many_rows_are_understood_by_several_threads_as_by_one() -> None:
    few = pa.table({"n": ["1.5", "?"], "w": ["a", " b"], "d": ["31.12.2024", ""], "x": ["", "NA"]})
    many = pa.concat_tables([few] * 40_000)

    columns, arrays = infer_and_cast(many)

    assert columns == infer_and_cast(few)[0]
    assert pc.count(arrays["n"]).as_py() == pc.count(arrays["d"]).as_py() == 40_000
    assert arrays["w"].dictionary.to_pylist() == ["a", "b"]


def test_one_number_is_one_category_in_training_too_and_codes_stay_apart() -> None:
    words = ["20", "20.0", "2e1", "A", "007", "7", "7.0", None, "True", "true"]
    said = {"zone": parse_override("zone", "category")}
    _, arrays = infer_and_cast(pa.table({"zone": words}), said)
    expected = ["20", "20", "20", "A", "007", "7", "7", None, "True", "True"]
    assert arrays["zone"].to_pylist() == expected
