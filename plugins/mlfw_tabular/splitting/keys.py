"""What a table says about how its rows are to be divided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlfw import LoadContext, Schema, Split, UserError
from mlfw.errors import did_you_mean
from mlfw.hints import override
from mlfw_tabular.splitting.request import TEST, VALIDATION, Request
from mlfw_tabular.splitting.words import WORDS
from mlfw_tabular.targets import strata

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

KEYS = ("group", "time", "column")


def check_keys(
    table: pa.Table, split: Split, *, drop: Sequence[str], target: Sequence[str]
) -> None:
    """Check that the columns to divide by are there.

    Args:
        table: Rows as they are in the source.
        split: Which columns these are.
        drop: Columns that are left out.
        target: Columns that are predicted.

    Raises:
        UserError: One is not there, or cannot be divided by.
    """
    for key in KEYS:
        name = getattr(split, key)
        if name is None:
            continue
        if name not in table.column_names:
            raise UserError(
                f"split.{key}: there is no column '{name}'.",
                did_you_mean(name, table.column_names),
            )
        if name in drop:
            raise UserError(
                f"split.{key}={name}: dataset.drop leaves the column out.",
                "Take it out of dataset.drop; what split.group and split.column name is no input "
                "of the model in any case.",
            )
        if name in target:
            raise UserError(
                f"split.{key}={name}: is what is to be predicted.", "Name another column."
            )


def check_assigned(rows: pa.Table, name: str, kept: np.ndarray) -> None:
    """Check that each row says where it belongs, before checks leave rows out.

    Args:
        rows: Rows that have a target.
        name: The column that says so.
        kept: Which rows of the source they are, int64 [rows], for a message.

    Raises:
        UserError: A row says nothing or something else.
    """
    if name in rows.column_names:
        _assigned(rows[name], name, kept)


def request_of(
    rows: pa.Table, schema: Schema, context: LoadContext, given: np.ndarray | None = None
) -> Request:
    """Return what the rows of a table are to be divided by.

    Args:
        rows: Rows in storage types, with the columns to divide by and the targets.
        schema: What its targets are.
        context: Which columns to divide by, the shares and the seed.
        given: Where rows belong that come from several sources; see `given_parts`.

    Raises:
        UserError: A value is missing, or nothing to divide by.
    """
    split = context.split
    assigned = given
    if split.column is not None:
        if given is not None:
            raise UserError(
                f"split.column={split.column}: the validation or test rows are given as files of "
                "their own.",
                "Leave split.column out.",
            )
        assigned = _assigned(_column(rows, split.column, "column"), split.column)
    groups, names = None, None
    if split.group is not None:
        groups, names = _groups(_column(rows, split.group, "group"), split.group)
    return Request(
        rows=rows.num_rows,
        split=split,
        seed=context.seed,
        labels=strata(rows, schema.targets) if split.stratify else None,
        groups=groups,
        names=names,
        times=_times(_column(rows, split.time, "time"), split.time) if split.time else None,
        assigned=assigned,
    )


def given_parts(rows: int, *, validation: int = 0, test: int = 0) -> np.ndarray:
    """Return where rows belong that come from several sources.

    Args:
        rows: How many there are in all: first those to be divided, then those given as
            validation rows, then those given as test rows.
        validation: How many were given as validation rows.
        test: How many were given as test rows.

    Returns:
        As `Request.assigned` takes it, int8 [rows].
    """
    import numpy as np

    place = np.zeros(rows, np.int8)
    place[rows - test - validation : rows - test] = VALIDATION
    place[rows - test :] = TEST
    return place


def _column(rows: pa.Table, name: str, key: str) -> pa.Array:
    if name not in rows.column_names:
        raise UserError(
            f"split.{key}={name}: the column holds no value.",
            f"Choose another column, or leave split.{key} out.",
        )
    values = rows[name].combine_chunks()
    _check_whole(values, name, key)
    return values


def _check_whole(values: pa.Array, name: str, key: str) -> None:
    """Check that every row has a value, and a number is one."""
    import numpy as np
    import pyarrow as pa

    missing = values.null_count
    if pa.types.is_floating(values.type):
        missing = int(np.count_nonzero(~np.isfinite(values.to_numpy(zero_copy_only=False))))
    if missing:
        raise UserError(
            f"split.{key}={name}: {missing} of {len(values)} rows have no {key}.",
            "Fill the column, or take these rows out.",
        )


def _groups(values: pa.Array, name: str) -> tuple[np.ndarray, pa.Array]:
    """Return group numbers, int64 [rows], and what each group is called, [groups]."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_nested(values.type):
        raise UserError(
            f"split.group={name}: expected names or numbers, found {values.type}.",
            "Choose another column.",
        )
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    return np.asarray(values.indices.cast(pa.int64())), values.dictionary


def _times(values: pa.Array, name: str) -> np.ndarray:
    """Return times, int64 or float64 [rows]."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_temporal(values.type):
        values = values.cast(pa.timestamp("us")).cast(pa.int64())
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise UserError(
            f"split.time={name}: expected dates or numbers, found values such as '{values[0]}'.",
            f"Choose another column, or set {override('dataset.columns', 'datetime', name=name)}",
        )
    return np.asarray(values)


def _assigned(
    values: pa.Array | pa.ChunkedArray, name: str, kept: np.ndarray | None = None
) -> np.ndarray:
    """Return where each row says it belongs, int8 [rows].

    Args:
        values: What the rows say.
        name: The column.
        kept: Which rows of the source they are, for a message; None where they are all.

    Raises:
        UserError: A row says something else.
    """
    import numpy as np
    import pyarrow as pa

    whole = pa.chunked_array([values] if isinstance(values, pa.Array) else values.chunks)
    encoded = whole.cast(pa.string()).combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    places = [WORDS.get(word.strip().lower(), -1) for word in words]
    codes = np.asarray(encoded.indices.fill_null(len(words)).cast(pa.int64()))
    place = np.take(np.array([*places, -1], np.int8), codes)
    wrong = np.flatnonzero(place < 0)
    if len(wrong):
        code = codes[wrong[0]]
        row = wrong[0] if kept is None else kept[wrong[0]]
        found = f"'{words[code]}'" if code < len(words) and words[code] else "no value"
        more = f"; {len(wrong)} rows are so" if len(wrong) > 1 else ""
        raise UserError(
            f"split.column={name}: row {row + 1}: expected train, validation or test, found "
            f"{found}{more}.",
            "Correct the column, or leave split.column out.",
        )
    return place
