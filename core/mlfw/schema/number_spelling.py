"""One category however it is written: 20, 20.0, 2e1 and 020 are one number.

A value that training saw as it stands is that category. Another one is the category that is the
same number, or the same of true and false. A code with leading zeros, such as 007, is no number
once training has seen such codes: 7 is another category. A value that is no text, as a data frame
may hold it, has lost its zeros, and is the code that it can only be.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

PADDED = r"^[+-]?0\d"
DECIMAL = r"^[+-]?(\d+\.?\d*|\.\d+)$"
EXPONENT = r"^[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}$"
TRUE_OR_FALSE = r"(?i)^(true|false)$"


def match_spelling(
    values: pa.DictionaryArray, categories: tuple[str, ...], *, text: bool
) -> pa.DictionaryArray:
    """Return a column with known categories as training wrote them; others as they are.

    Args:
        values: Strings, dictionary [rows].
        categories: The categories known.
        text: Whether the values were text before, so that leading zeros are still there.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    words = values.dictionary.cast(pa.string())
    new = pc.invert(pc.is_in(words, known_array(categories)))
    if not pc.any(new).as_py():
        return values
    keys, names, has_codes = _known_keys(categories, text)
    if not len(keys):
        return values
    own = number_keys(words)
    if has_codes and text:
        own = pc.if_else(pc.match_substring_regex(words, PADDED), pa.scalar(None, pa.string()), own)
    found = names.take(pc.index_in(own, keys, skip_nulls=True))
    return _rewritten(values, pc.if_else(pc.and_(new, pc.is_valid(found)), found, words))


def join_spellings(values: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return a column in which each number has one spelling, the shortest; the others as they are.

    Args:
        values: Strings as training data have them, dictionary [rows].
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    words = values.dictionary.cast(pa.string())
    keys = _keys_of_numbers(words)
    present = len(keys) - keys.null_count
    if present == len(keys.drop_null().unique()):
        return values
    order = pc.sort_indices(
        pa.table({"length": pc.utf8_length(words), "word": words}),
        sort_keys=[("length", "ascending"), ("word", "ascending")],
    )
    # The first place of a key in this order is that of its shortest spelling.
    shortest = order.take(pc.index_in(keys, keys.take(order), skip_nulls=True))
    return _rewritten(values, pc.coalesce(words.take(shortest), words))


def _keys_of_numbers(words: pa.Array) -> pa.Array:
    """Return what `number_keys` does; null for codes with leading zeros too."""
    import pyarrow as pa
    import pyarrow.compute as pc

    padded = pc.match_substring_regex(words, PADDED)
    return pc.if_else(padded, pa.scalar(None, pa.string()), number_keys(words))


def _rewritten(values: pa.DictionaryArray, written: pa.Array) -> pa.DictionaryArray:
    """Return a column with other words in the place of those of its dictionary."""
    import pyarrow as pa
    import pyarrow.compute as pc

    distinct = written.unique()
    places = pc.index_in(written, distinct).take(values.indices)
    return pa.DictionaryArray.from_arrays(places.cast(pa.int32()), distinct)


def number_words(values: pa.DictionaryArray) -> set[str]:
    """Return the words of a column that are numbers, or true and false; no codes with zeros."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = values.dictionary.cast(pa.string())
    return set(words.filter(pc.is_valid(_keys_of_numbers(words))).to_pylist())


def shortest_spellings(words: Iterable[str], most: int) -> list[str]:
    """Return the shortest spelling of each number among some words.

    Args:
        words: Words that are numbers; see `number_words`.
        most: How many are returned at most.
    """
    import pyarrow as pa

    joined = join_spellings(pa.array(sorted(words), pa.string()).dictionary_encode())
    found: list[str] = joined.dictionary.to_pylist()
    return found[:most]


class Spellings:
    """One spelling for each number of a column whose rows come in batches.

    A number is written as where it was seen first, in a batch the shortest way; the rows of a
    column in memory are written in the shortest way of all.

    Args:
        first: A sample of the column, strings in a dictionary.
        most: How many numbers are remembered; others stay as they are.
    """

    def __init__(self, first: pa.DictionaryArray, most: int) -> None:
        self._most = most
        self._words: dict[str, str] = {}
        self.join(first)

    def join(self, values: pa.DictionaryArray) -> pa.DictionaryArray:
        """Return rows in which each number has one spelling, [rows]; the others as they are."""
        import pyarrow as pa
        import pyarrow.compute as pc

        values = join_spellings(values)
        words = values.dictionary.cast(pa.string())
        keys = _keys_of_numbers(words)
        if keys.null_count == len(keys):
            return values
        known = self._words
        for key, word in zip(keys.to_pylist(), words.to_pylist(), strict=True):
            if key is not None and len(known) < self._most:
                known.setdefault(key, word)
        places = pc.index_in(keys, pa.array(list(known), pa.string()), skip_nulls=True)
        written = pc.coalesce(pa.array(list(known.values()), pa.string()).take(places), words)
        return values if written.equals(words) else _rewritten(values, written)


@lru_cache(maxsize=256)
def known_array(categories: tuple[str, ...]) -> pa.Array:
    """Return categories as an Arrow array of strings."""
    import pyarrow as pa

    return pa.array(categories, pa.string())


@lru_cache(maxsize=256)
def _known_keys(categories: tuple[str, ...], text: bool) -> tuple[pa.Array, pa.Array, bool]:
    """Return what `known_spellings` does, keys and categories as Arrow arrays."""
    import pyarrow as pa

    found, has_codes = known_spellings(categories, text=text)
    names = pa.array(list(found.values()), pa.string())
    return pa.array(list(found), pa.string()), names, has_codes


def known_spellings(categories: tuple[str, ...], *, text: bool) -> tuple[dict[str, str], bool]:
    """Return the category of each key of `number_keys`, and whether some are codes with zeros.

    Args:
        categories: The categories known.
        text: See `match_spelling`.
    """
    import pyarrow.compute as pc

    known = known_array(categories)
    padded = pc.match_substring_regex(known, PADDED).to_pylist()
    keys = number_keys(known).to_pylist()
    # Of several spellings that training saw, the shortest is the one that is meant.
    order = sorted(range(len(keys)), key=lambda index: len(categories[index]))
    found: dict[str, str] = {}
    for index in order:
        if keys[index] is not None and not padded[index]:
            found.setdefault(keys[index], categories[index])
    if not text:
        codes = [keys[index] for index in order if padded[index]]
        for index in order:
            if padded[index] and codes.count(keys[index]) == 1:
                found.setdefault(keys[index], categories[index])
    return found, any(padded)


def number_keys(words: pa.Array) -> pa.Array:
    """Return the plainest form of numbers and of true and false, null for other strings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = pa.scalar(None, pa.string())
    plain = pc.match_substring_regex(words, DECIMAL)
    numbers = _plainest(pc.if_else(plain, words, missing))
    truth = pc.match_substring_regex(words, TRUE_OR_FALSE)
    keys = pc.coalesce(numbers, pc.if_else(truth, pc.utf8_lower(words), missing))
    exponents = pc.match_substring_regex(words, EXPONENT)
    if not pc.any(exponents).as_py():
        return keys
    from decimal import Decimal

    large = pc.if_else(exponents, words, missing).to_pylist()
    texts = [None if word is None else f"{Decimal(word):f}" for word in large]
    return pc.coalesce(keys, _plainest(pa.array(texts, pa.string())))


def _plainest(numbers: pa.Array) -> pa.Array:
    """Return decimal numbers without a plus, zeros in front, and zeros after the decimals."""
    import pyarrow.compute as pc

    for pattern, plain in (
        (r"^\+", ""),
        (r"^(-?)0+(\d)", r"\1\2"),
        (r"(\.\d*?)0+$", r"\1"),
        (r"\.$", ""),
        (r"^(-?)\.", r"\10."),
        (r"^(-?)$", "0"),
        (r"^-0$", "0"),
    ):
        numbers = pc.replace_substring_regex(numbers, pattern, plain)
    return numbers
