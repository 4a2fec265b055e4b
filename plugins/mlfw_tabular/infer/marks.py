"""Finding the marks by which a column of numbers or dates says that a value is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlfw_tabular.infer.inferred import HEAD

if TYPE_CHECKING:
    import pyarrow as pa

# What no column means but a missing value, in any case of letters.
SIGNS = {
    *(
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        ".",
        "..",
        "...",
        "\u2026",
        "?",
        "??",
        "???",
        "*",
        "**",
    ),
    *(
        "_",
        "/",
        "\\\\",
        "\\n",
        "nan",
        "-nan",
        "nil",
        "null",
        "(null)",
        "<null>",
        "none",
        "na",
        "n/a",
    ),
    *("<na>", "n.a.", "n.a", "n. a.", "#n/a", "#na", "#n/a n/a", "#null!", "#div/0!", "#value!"),
    *("#ref!", "#name?", "#num!", "1.#qnan", "-1.#ind", "(blank)", "<n/a>", "-1.#qnan", "1.#ind"),
}
# What may be a value of its own among words, but is none among numbers.
WORDS = {
    *("missing", "unknown", "undefined", "not available", "not applicable", "n/d", "nd", "tbd"),
    *("empty", "blank", "not known", "unbekannt", "k.a.", "k. a.", "keine angabe", "x", "xx"),
}
# Signs that may be classes of a target.
WORDLIKE = {"nil", "null", "none", "na"}
MOST_MARKS = 12
MOST_OTHER_MARKS = 3
LONGEST_MARK = 24
LEAST_DIFFERENT = 10
LEAST_SURE = 2
DIGIT = re.compile(r"\d")


def is_sign(word: str) -> bool:
    """Whether a word means a missing value in a column of any kind but words."""
    return word.strip().lower() in SIGNS


def is_word(word: str) -> bool:
    """Whether a mark may be a class where numbers are classes, as `none` beside 1, 2 and 3."""
    return not is_sign(word) or word.strip().lower() in WORDLIKE


def without_digits(words: pa.Array) -> list[str]:
    """Return strings without a digit, and words that are known to mean a missing value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array([*SIGNS, *WORDS])
    bare = pc.invert(pc.match_substring_regex(words, "[0-9]"))
    odd = pc.or_(bare, pc.is_in(pc.utf8_lower(words), known))
    found: list[str] = words.filter(odd).to_pylist()
    return found


def without_words(words: pa.Array, left_out: list[str]) -> pa.Array:
    """Return strings but some."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return words.filter(pc.invert(pc.is_in(words, pa.array(left_out, pa.string()))))


def find_marks(words: pa.DictionaryArray, *, sure: bool = False) -> list[str]:
    """Return the words that may mean a missing value where all others are numbers or dates.

    They are signs, words that are known for it unless the others may be codes, and between ten
    different values or more up to three others without a digit, each in two rows or more, in fewer
    rows than these.

    Args:
        words: Different, trimmed strings, as `mlfw.schema.words.encoded` returns them.
        sure: Whether a person has said that the column holds numbers or dates, so that a few
            different values are enough.
    """
    import pyarrow.compute as pc

    distinct = words.dictionary
    if len(distinct) > HEAD and len(without_digits(distinct[:HEAD])) > MOST_MARKS:
        return []
    found = without_digits(distinct)
    if not 0 < len(found) <= MOST_MARKS:
        return []
    signs = [word for word in found if is_sign(word)]
    if len(found) == len(distinct):
        return signs
    values = without_words(distinct, found)
    enough = len(values) >= (LEAST_SURE if sure else LEAST_DIFFERENT)
    # Few different whole numbers may be codes, and the word one of them.
    codes = not (enough or sure or pc.any(pc.match_substring_regex(values, "[.,:]")).as_py())
    known = SIGNS if codes else {*SIGNS, *WORDS}
    others = [
        word
        for word in found
        # A unit without its number, as in 74 bhp and bhp.
        if word.lower() not in known and not pc.all(pc.ends_with(values, word)).as_py()
    ]
    if not others:
        return found
    if not enough:
        return signs
    return found if _may_be_marks(words, others) else signs


def _may_be_marks(words: pa.DictionaryArray, others: list[str]) -> bool:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(others) > MOST_OTHER_MARKS or any(len(word) > LONGEST_MARK for word in others):
        return False
    codes = np.asarray(words.indices.drop_null())
    rows = np.bincount(codes, minlength=len(words.dictionary))
    own = np.asarray(pc.is_in(words.dictionary, pa.array(others)))
    return bool(rows[own].min() > 1 and rows[own].sum() < rows[~own].sum())


def without_marks(words: pa.DictionaryArray, marks: list[str]) -> pa.DictionaryArray:
    """Return words with the marks as nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    own = pc.is_in(words.dictionary, pa.array(marks))
    left = words.dictionary.filter(pc.invert(own))
    place = pc.index_in(words.dictionary, left, skip_nulls=True)
    return pa.DictionaryArray.from_arrays(place.take(words.indices), left)


def rows_with(words: pa.DictionaryArray, marks: list[str]) -> int:
    """Return in how many rows one of the marks stands."""
    return int(without_marks(words, marks).null_count - words.null_count)
