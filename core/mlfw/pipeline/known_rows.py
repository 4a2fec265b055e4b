"""How many rows of a file a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlfw.components import RowSplits
from mlfw.components.splits import TRAIN
from mlfw.schema.whole import whole

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def known_rows(rows: pa.Table, splits: RowSplits) -> int:
    """Return how many rows are the same as a training row in every column.

    Each value is replaced by its number among the different values of `rows`, and a row by a hash
    of 64 bits of these numbers. The training rows are read batch by batch, so that the memory
    needed follows from `rows` alone.

    Args:
        rows: Conformed rows with their targets, [rows].
        splits: The data that the model was trained on.
    """
    import numpy as np

    names = [name for name in rows.column_names if name in _columns(splits)]
    values = {name: _plain(rows[name]).unique() for name in names}
    hashes, _ = _hashes(rows, values)
    distinct = np.unique(hashes)
    known = np.zeros(len(distinct), bool)
    for batch in splits.batches(TRAIN, names):
        trained, whole_rows = _hashes(batch, values)
        found = trained[whole_rows]
        place = np.minimum(np.searchsorted(distinct, found), len(distinct) - 1)
        known[place[distinct[place] == found]] = True
        if known.all():
            break
    return int(known[np.searchsorted(distinct, hashes)].sum())


def _columns(splits: RowSplits) -> set[str]:
    schema = splits.schema
    return {*schema.names, *(target.name for target in schema.targets)}


def _hashes(rows: pa.Table, values: Mapping[str, pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    """Return a hash of each row, uint64 [rows], and whether all of its values are known, bool."""
    import numpy as np
    import pyarrow.compute as pc

    hashes = np.zeros(rows.num_rows, np.uint64)
    known = np.ones(rows.num_rows, bool)
    for name, distinct in values.items():
        found = pc.index_in(_plain(rows[name]), distinct)
        known &= np.asarray(found.is_valid())
        hashes = _mixed(hashes, np.asarray(found.fill_null(0)).astype(np.uint64))
    return hashes, known


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in a type that Arrow compares; NaN, infinities and nulls as one value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = whole(column)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.binary_join(values, "\x1f")
    if pa.types.is_integer(values.type):
        values = values.cast(pa.float64(), safe=False)
    if pa.types.is_floating(values.type):
        numbers = values.cast(pa.float64())
        # A sum with 0 makes 0 of -0; checks make infinite numbers missing.
        values = pc.if_else(pc.is_finite(numbers), pc.add(numbers, 0.0), None)
    return values


def _mixed(hashes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Mix a column into the hashes, as SplitMix64 does (Steele, Lea and Flood, 2014)."""
    import numpy as np

    mixed = numbers ^ (hashes * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xD1B54A32D192ED03))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: np.ndarray = mixed ^ (mixed >> np.uint64(31))
    return result
