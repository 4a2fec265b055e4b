"""In which split each row belongs: by where it stands, or by the columns rows are divided by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlfw import Schema, Split, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.splitting.request import TEST, TRAIN, VALIDATION
from mlfw_tabular.splitting.times import cuts
from mlfw_tabular.streaming.groups import Groups, group_of
from mlfw_tabular.streaming.keys import group_hashes, named_places, times_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.parquet_source import Block, RowSource

SPLIT, TIMES = 0, 1


class Chances:
    """Random numbers for the rows of a block.

    They follow from the seed, the file and the row group alone: not from the rows before, nor from
    who reads them.

    Args:
        seed: What all randomness follows from.
        purpose: `SPLIT` or `TIMES`.
        source: Where the block belongs.
        block: The row groups.
    """

    def __init__(self, seed: int, purpose: int, source: RowSource, block: Block) -> None:
        import numpy as np

        key = source.files[block.file].key
        self._groups = [
            (np.random.default_rng([seed, purpose, key, block.group + number]), rows)
            for number, rows in enumerate(block.rows)
        ]

    def take(self, rows: int) -> np.ndarray:
        """Return numbers from 0 up to 1 for the next rows, float64 [rows]."""
        import numpy as np

        taken: list[np.ndarray] = []
        while rows:
            random, left = self._groups[0]
            count = min(rows, left)
            taken.append(random.random(count))
            rows -= count
            if count < left:
                self._groups[0] = (random, left - count)
            else:
                del self._groups[0]
        return np.concatenate([*taken, np.zeros(0)])


@dataclass(frozen=True)
class SplitAssigner:
    """Tells the split of rows, in any order of blocks.

    Attributes:
        split: What rows are divided by.
        seed: What all randomness follows from.
        schema: What the rows are; times that are written as text are read by it.
        parts: The splits that rows are put into which name none.
        ends: Where each of these but the last one ends, in `order`.
        groups: A file with the last time of each group; empty where that does not matter.
    """

    split: Split
    seed: int
    schema: Schema
    parts: tuple[int, ...]
    ends: tuple[float, ...]
    groups: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the assigner as JSON data, without its schema."""
        return {
            "split": asdict(self.split),
            "seed": self.seed,
            "parts": self.parts,
            "ends": self.ends,
            "groups": self.groups,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], schema: Schema) -> SplitAssigner:
        """Return the assigner that `to_json` describes."""
        return cls(
            split=Split(**data["split"]),
            seed=data["seed"],
            schema=schema,
            parts=tuple(data["parts"]),
            ends=tuple(data["ends"]),
            groups=data["groups"],
        )

    def of(self, rows: pa.Table, chances: np.ndarray) -> np.ndarray:
        """Return 0 for training, 1 for validation and 2 for testing, int8 [rows].

        Args:
            rows: Rows as they are in the source.
            chances: A random number for each of them, float64 [rows].
        """
        import numpy as np

        place = named(rows, self.split)
        part = np.searchsorted(self.ends, self._order(rows, chances), side="left")
        placed: np.ndarray = np.where(place == TRAIN, np.take(self.parts, part), place)
        return placed.astype(np.int8)

    def _order(self, rows: pa.Table, chances: np.ndarray) -> np.ndarray:
        """Return numbers of which the lowest train and the highest test, float64 [rows]."""
        split = self.split
        if split.group:
            hashes = group_hashes(rows[split.group], split.group, self.seed)
            if self.groups:
                return _loaded(self.groups).last_time(hashes)
            return 1 - hashes / 2.0**64
        if split.time:
            return times(rows, split, self.schema)
        order: np.ndarray = 1 - chances
        return order


@lru_cache(maxsize=1)
def _loaded(path: str) -> Groups:
    return Groups.load(path)


def named(rows: pa.Table, split: Split) -> np.ndarray:
    """Return where rows say that they belong, int8 [rows]; all train where they say nothing."""
    import numpy as np

    column = split.column
    return named_places(rows[column], column) if column else np.zeros(rows.num_rows, np.int8)


def times(rows: pa.Table, split: Split, schema: Schema) -> np.ndarray:
    """Return when rows are, float64 [rows]; zeros where that does not matter."""
    import numpy as np

    if not split.time:
        return np.zeros(rows.num_rows)
    column = next((each for each in schema.columns if each.name == split.time), None)
    return times_of(rows[split.time], split.time, column)


def make_assigner(
    split: Split,
    seed: int,
    schema: Schema,
    *,
    taken: set[int],
    groups: Groups,
    some_times: np.ndarray,
    file: Path,
) -> SplitAssigner:
    """Return what tells the split of each row.

    Args:
        split: What rows are divided by.
        seed: What all randomness follows from.
        schema: What the rows are.
        taken: The splits that rows name.
        groups: All groups, where rows are divided by groups and by time or a column.
        some_times: Times of a sample of the training rows, where rows are divided by time.
        file: Where groups are kept if they are needed.

    Raises:
        UserError: The rows cannot be divided so.
    """
    import numpy as np

    # Splits that no row names are taken from the training rows.
    wanted = {VALIDATION: split.validation, TEST: split.test}
    left = {part: share for part, share in wanted.items() if part not in taken}
    parts, shares = (TRAIN, *left), [1 - sum(left.values()), *left.values()]
    ends: np.ndarray = np.cumsum(shares)[:-1]
    kept = ""
    if split.time:
        ends = _last_times(split, parts, shares, groups, some_times)
        if split.group:
            groups.save(str(file))
            kept = str(file)
    return SplitAssigner(split, seed, schema, parts, tuple(ends.tolist()), kept)


def _last_times(
    split: Split,
    parts: tuple[int, ...],
    shares: list[float],
    groups: Groups,
    some: np.ndarray,
) -> np.ndarray:
    """Return the last time of each part but the last, float64 [parts - 1]."""
    import numpy as np

    if len(parts) == 1:
        raise UserError(
            f"split.time={split.time}: the data say for each row where it belongs already.",
            "Leave split.time out.",
        )
    last, rows = groups.last_times() if split.group else (some, np.ones(len(some), np.int64))
    distinct, place = np.unique(last, return_inverse=True)
    if len(distinct) < len(parts):
        raise UserError(
            f"split.time={split.time}: {len(distinct)} different times cannot be divided into "
            f"{len(parts)} splits.",
            "Choose another column, or leave split.time out.",
        )
    return cuts(distinct, np.bincount(place, rows), shares)


def check_torn(groups: Groups, source: RowSource, split: Split, seed: int) -> None:
    """Check that rows of one group do not name different splits.

    Raises:
        UserError: They do.
    """
    torn = groups.torn()
    if torn is None:
        return
    group, places = torn
    first, second = (SPLIT_NAMES[place] for place in places[:2])
    raise UserError(
        f"split.group={split.group}: the data put rows of the group "
        f"'{_name_of(group, source, split.group or '', seed)}' into the {first} and the {second} "
        "split.",
        "Correct the data, or leave split.group out.",
    )


def _name_of(group: int, source: RowSource, name: str, seed: int) -> str:
    for table in source.batches([name]):
        rows = group_of(group_hashes(table[name], name, seed)) == group
        if rows.any():
            return str(table[name][int(rows.argmax())].as_py())
    return ""
