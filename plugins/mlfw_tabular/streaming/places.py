"""In which split each of many rows belongs, told batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Schema, Split, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.splitting.request import TEST, TRAIN, VALIDATION
from mlfw_tabular.splitting.times import cuts
from mlfw_tabular.streaming.groups import Groups, group_of
from mlfw_tabular.streaming.keys import group_hashes, key_columns, named_places, times_of
from mlfw_tabular.streaming.rows import with_targets

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.parquet_source import RowSource

MOST_TIMES = 1_000_000


class Places:
    """Tells the split of rows that are read in order.

    The columns that rows are divided by are looked through once before where that is needed: times
    in a sample of a million rows, and of each group its last time and where it was put.
    """

    def __init__(self, source: RowSource, split: Split, seed: int, schema: Schema) -> None:
        """Look through the columns that rows are divided by.

        Args:
            source: The rows.
            split: What they are divided by.
            seed: What all randomness follows from.
            schema: What they are, by which times are read that are written as text.

        Raises:
            UserError: They cannot be divided by.
        """
        import numpy as np

        self._source = source
        self._columns = key_columns(split, source.names)
        self._split = split
        self._seed = seed
        self._schema = schema
        self._time = next((c for c in schema.columns if c.name == split.time), None)
        self._random = np.random.default_rng(seed)
        self._groups = Groups()
        named, times = set[int](), np.zeros(0)
        if split.column or split.time:
            named, times = self._look_through()
        # Splits that no row names are taken from the training rows.
        wanted = {VALIDATION: split.validation, TEST: split.test}
        taken = {part: share for part, share in wanted.items() if part not in named}
        self._parts = [TRAIN, *taken]
        self._shares = [1 - sum(taken.values()), *taken.values()]
        self._ends = np.cumsum(self._shares)[:-1]
        if split.time:
            self._ends = self._last_times(times)

    def of(self, table: pa.Table) -> np.ndarray:
        """Return 0 for training, 1 for validation and 2 for testing, int8 [rows].

        Args:
            table: The rows that follow those of the last call.
        """
        import numpy as np

        place = self._named(table)
        part = np.searchsorted(self._ends, self._order(table), side="left")
        placed: np.ndarray = np.where(place == TRAIN, np.take(self._parts, part), place)
        return placed.astype(np.int8)

    def _named(self, table: pa.Table) -> np.ndarray:
        """Return where rows say that they belong; all train where they say nothing."""
        import numpy as np

        column = self._split.column
        return named_places(table[column], column) if column else np.zeros(table.num_rows, np.int8)

    def _order(self, table: pa.Table) -> np.ndarray:
        """Return numbers of which the lowest train and the highest test, float64 [rows]."""
        split = self._split
        if split.group:
            hashes = group_hashes(table[split.group], split.group, self._seed)
            return self._groups.last_time(hashes) if split.time else 1 - hashes / 2.0**64
        if split.time:
            return times_of(table[split.time], split.time, self._time)
        order: np.ndarray = 1 - self._random.random(table.num_rows)
        return order

    def _look_through(self) -> tuple[set[int], np.ndarray]:
        """Return the splits that rows name, and times of training rows; note all groups."""
        import numpy as np

        split, named = self._split, set[int]()
        random = np.random.default_rng([self._seed, 1])
        share = min(MOST_TIMES / max(self._source.rows, 1), 1.0)
        some = []
        targets = [target.name for target in self._schema.targets]
        names = list(dict.fromkeys([*self._columns, *targets]))
        for batch in self._source.batches(names):
            table = with_targets(batch, self._schema, place="the source")
            place = self._named(table)
            if split.column:
                named |= set(np.unique(place).tolist())
            times = (
                times_of(table[split.time], split.time, self._time)
                if split.time
                else np.zeros(len(place))
            )
            if split.group:
                hashes = group_hashes(table[split.group], split.group, self._seed)
                self._groups.add(hashes, place, times)
            else:
                some.append(times[(place == TRAIN) & (random.random(len(times)) < share)])
        self._check_torn()
        return named, np.concatenate(some or [np.zeros(0)])

    def _last_times(self, some: np.ndarray) -> np.ndarray:
        """Return the last time of each part but the last, float64 [parts - 1]."""
        import numpy as np

        split = self._split
        if len(self._parts) == 1:
            raise UserError(
                f"split.time={split.time}: the data say for each row where it belongs already.",
                "Leave split.time out.",
            )
        times, rows = (
            self._groups.last_times() if split.group else (some, np.ones(len(some), np.int64))
        )
        distinct, place = np.unique(times, return_inverse=True)
        if len(distinct) < len(self._parts):
            raise UserError(
                f"split.time={split.time}: {len(distinct)} different times cannot be divided into "
                f"{len(self._parts)} splits.",
                "Choose another column, or leave split.time out.",
            )
        return cuts(distinct, np.bincount(place, rows), self._shares)

    def _check_torn(self) -> None:
        """Check that rows of one group do not name different splits."""
        torn = self._groups.torn()
        if torn is None:
            return
        group, places = torn
        first, second = (SPLIT_NAMES[place] for place in places[:2])
        raise UserError(
            f"split.group={self._split.group}: the data put rows of the group "
            f"'{self._name_of(group)}' into the {first} and the {second} split.",
            "Correct the data, or leave split.group out.",
        )

    def _name_of(self, group: int) -> str:
        name = self._split.group or ""
        for table in self._source.batches([name]):
            rows = group_of(group_hashes(table[name], name, self._seed)) == group
            if rows.any():
                return str(table[name][int(rows.argmax())].as_py())
        return ""
