"""Columns that take their numeric step together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlfw.components.dataset import Progress, silent
from mlfw_tabular.prepare.encoder import Encoder
from mlfw_tabular.prepare.pieces import Count, read_piece
from mlfw_tabular.threads import in_threads

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


LEAST_ROWS = 1024  # fewer, and calls would take longer than the work


@dataclass(frozen=True)
class Block:
    """Encoders of one group: one step for all of their columns.

    Attributes:
        encoders: The encoders, one a column.
    """

    encoders: tuple[Encoder, ...]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the numbers made."""
        return tuple(name for encoder in self.encoders for name in encoder.features)

    @cached_property
    def constants(self) -> dict[str, np.ndarray]:
        """What the step needs."""
        return type(self.encoders[0]).stack(self.encoders)

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:
        """Return numbers, [rows, features].

        Args:
            xp: `numpy` or `mlfw_onnx.arrays`.
            x: What the encoders read, [rows, columns, ...].
            constants: What is in `constants`, as arrays of `xp`.
        """
        made = self.encoders[0].apply(xp, x, constants)
        return made.reshape(x.shape[0], len(self.features))

    def write(self, rows: pa.Table, out: np.ndarray, progress: Progress = silent) -> None:
        """Prepare all rows, piece by piece so that memory stays flat.

        Args:
            rows: The table.
            out: Where to write, float [rows, features].
            progress: Told how many rows are done, of how many.
        """
        import numpy as np

        columns = [rows[encoder.column] for encoder in self.encoders]
        most = self.encoders[0].rows_at_once
        step = max(most // len(columns), min(most, LEAST_ROWS))
        constants = self.constants
        count = Count(progress, rows.num_rows, [encoder.column for encoder in self.encoders])

        def write(start: int) -> None:
            read = [
                read_piece(encoder, column, start, step)
                for encoder, column in zip(self.encoders, columns, strict=True)
            ]
            x = np.stack(read, axis=1)
            out[start : start + step] = self.apply(np, x, constants)
            count.add(step)

        in_threads(write, range(0, rows.num_rows, step), rows.num_rows * len(columns))


def blocks(encoders: Iterable[Encoder]) -> tuple[Block, ...]:
    """Return encoders by their groups, in the order of each group's first."""
    groups: dict[tuple[Any, ...], list[Encoder]] = {}
    for encoder in encoders:
        groups.setdefault(encoder.group, []).append(encoder)
    return tuple(Block(tuple(members)) for members in groups.values())
