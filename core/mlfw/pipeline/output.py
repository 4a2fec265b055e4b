"""Predictions as they are written for people: four digits, label sets as text, ids beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.errors import UserError, did_you_mean, listing
from mlfw.files import read_json
from mlfw.hints import printable
from mlfw.pipeline.splits_file import FINDINGS
from mlfw.schema import Schema, Task
from mlfw.schema.labels import label_delimiter, labels_as_text
from mlfw.schema.names import search_columns
from mlfw.schema.predictions import output_names, prediction_name, probability_names
from mlfw.schema.whole import whole

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

DIGITS = 4
IDENTIFIERS = "identifiers"
# Below this, four decimals are fewer than four digits.
SMALL = 0.1


def output_table(
    schema: Schema,
    predictions: pa.Table,
    kept: pa.Table | None = None,
    *,
    digits: int = DIGITS,
    lists: bool = False,
) -> pa.Table:
    """Return predictions as they are written into a file or on standard output.

    Args:
        schema: The model's schema.
        predictions: What the model returned, [rows].
        kept: Columns of the input to put before them.
        digits: How many decimals a number has; of one below 0.1 that is no probability, how many
            digits after its zeros.
        lists: Whether the file can hold lists. Label sets are lists there if training saw lists,
            and else text as in the training data.
    """
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    names = output_names(schema, () if kept is None else kept.column_names)
    for target in schema.targets:
        name = prediction_name(schema, target)
        values = whole(predictions[name])
        if target.task is Task.multilabel and not (lists and not target.column.format):
            values = labels_as_text(values, label_delimiter(target))
        elif target.task is Task.regression:
            values = pa.array(rounded(values, digits), from_pandas=True)
        columns[names[name]] = values
        for name in probability_names(schema, target):
            shares = predictions[name].to_numpy().round(digits)
            columns[names[name]] = pa.array(shares)
    beside = {} if kept is None else {name: kept[name] for name in kept.column_names}
    return pa.table({**beside, **columns})


def rounded(values: pa.Array, digits: int) -> np.ndarray:
    """Return numbers with so many decimals; small ones with so many digits, float64 [rows]."""
    import numpy as np

    numbers = np.asarray(values.cast("float64").to_numpy(zero_copy_only=False))
    result = numbers.round(digits)
    small = np.flatnonzero((np.abs(numbers) < SMALL) & (numbers != 0))
    for index in small.tolist():
        result[index] = float(f"{numbers[index]:.{max(digits, 1)}g}")
    return result


def kept_columns(
    rows: pa.Table, asked: Sequence[str] | None, usual: Sequence[str], place: str
) -> pa.Table:
    """Return the columns of the input that stand beside predictions.

    Args:
        rows: The input.
        asked: What a person asked for: names, or several with commas between them; an empty one
            is none. None where nothing was asked for.
        usual: The columns that stand there if nothing was asked for, so far as they are there.
        place: Where the rows come from, for messages.

    Raises:
        UserError: A column that was asked for is not there, or holds what cannot be written.
    """
    import pyarrow as pa

    if asked is None:
        found, _ = search_columns(rows.column_names, usual, place)
    else:
        names = [name for text in asked for name in _split(text, rows.column_names)]
        found = _asked_columns(rows.column_names, names, place)
    for name, index in found.items():
        kind = rows.column(index).type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise UserError(
                f"--keep: column '{printable(name)}' holds {kind} values, which cannot stand "
                "beside predictions.",
                "Keep columns of words, numbers or dates.",
            )
    return pa.table({name: rows.column(index) for name, index in found.items()})


def _asked_columns(there: Sequence[str], names: Sequence[str], place: str) -> dict[str, int]:
    found, missing = search_columns(there, dict.fromkeys(names), place)
    if missing:
        raise UserError(
            f"{place}: --keep: missing column{'s' if len(missing) > 1 else ''} "
            f"{listing(map(printable, missing))}; found {listing(map(printable, there))}.",
            did_you_mean(missing[0], there, listed=True) or "Name columns that are there.",
        )
    return found


def _split(text: str, names: Sequence[str]) -> list[str]:
    if text in names:
        return [text]
    return [name for part in text.split(",") if (name := part.strip())]


def identifier_columns(data: Path) -> list[str]:
    """Return the columns that a run left out because they only name the rows.

    Args:
        data: The run's folder of prepared data; it may be gone.
    """
    try:
        findings = read_json(data / FINDINGS)
    except (OSError, ValueError):
        return []
    return [each["column"] for each in findings if each["check"] == IDENTIFIERS and each["fixed"]]
