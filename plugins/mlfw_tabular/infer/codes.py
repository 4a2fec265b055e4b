"""Telling words, and codes that happen to be digits (007), from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlfw.schema.words import MISSING_WORDS, without_missing_words

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

CODE = r"^\s*[+-]?0\d"
DECIMAL = r"^\s*[+-]?(0|[1-9][0-9]*)?\.[0-9]+\s*$"
ZERO, NINE = ord("0"), ord("9")


def may_be_number(value: str | None, missing: Sequence[str] = MISSING_WORDS) -> bool:
    """Whether a string may be a plain number or missing; far cheaper than a cast that fails."""
    if value is None or (value := value.strip()) in missing:
        return True
    try:
        float(value)
    except ValueError:
        return False
    return True


def are_decimals(first: pa.Array, missing: Sequence[str] = MISSING_WORDS) -> bool:
    """Whether the first values of a column all have a decimal point, as codes have not.

    Args:
        first: Strings; some may be missing, not all.
        missing: The words that mean a missing value.
    """
    import pyarrow.compute as pc

    values = without_missing_words(first, missing).drop_null()
    return len(values) > 0 and bool(pc.all(pc.match_substring_regex(values, DECIMAL)).as_py())


def has_codes(values: pa.Array) -> bool:
    """Whether a number begins with a zero that a code would have.

    Looks at the bytes, as nearly every column of numbers comes this way.

    Args:
        values: Plain numbers as string, [rows]; some may be missing.
    """
    import numpy as np
    import pyarrow.compute as pc

    starts, ends, content = _bytes(values)
    if len(content) < 2:
        return False
    last = len(content) - 1
    first = content[np.minimum(starts, last)]
    if ((first <= ord(" ")) | (first > 127)).any():
        return bool(pc.any(pc.match_substring_regex(values, CODE)).as_py())
    if ((first == ord("+")) | (first == ord("-"))).any():
        starts = starts + ((first == ord("+")) | (first == ord("-")))
        first = content[np.minimum(starts, last)]
    at = np.flatnonzero((first == ZERO) & (ends - starts > 1))
    second = content[starts[at] + 1]
    return bool(((second >= ZERO) & (second <= NINE)).any())


def _bytes(values: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where each string starts and ends, int32 [rows], and the bytes of all of them."""
    import numpy as np

    _, places, content = values.buffers()
    offsets = np.frombuffer(places, np.int32, len(values) + 1, values.offset * 4)
    letters = np.frombuffer(content, np.uint8) if content else np.zeros(0, np.uint8)
    return offsets[:-1], offsets[1:], letters
