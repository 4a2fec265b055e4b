"""Booleans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column
from mlfw_tabular.prepare.encoder import Encoder, plain_numbers

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class BooleanOptions:
    """How a boolean is prepared: -1 for false, 1 for true, 0 for a missing value."""


@dataclass(frozen=True, kw_only=True)
class BooleanEncoder(Encoder):
    """A boolean: -1 for false, 1 for true, 0 for a missing value.

    An exported graph takes numbers, 0, 1 or NaN: its own booleans cannot be missing.
    """

    name: ClassVar[str] = "boolean"

    @classmethod
    def fit(cls, column: Column) -> BooleanEncoder:
        """Learn nothing."""
        return cls(column=column.name)

    @property
    def features(self) -> tuple[str, ...]:
        """The boolean."""
        return (self.column,)

    @property
    def group(self) -> tuple[Any, ...]:
        """All booleans go together."""
        return (self.name,)

    def input_notes(self) -> dict[str, Any]:
        """Return how a boolean is told as a number."""
        return {"holds": "1 (true) or 0 (false)", "missing": "NaN"}

    def plain_feed(self, values: list[Any]) -> np.ndarray:
        """Return the numbers."""
        return plain_numbers(values)

    def read(self, values: pa.Array) -> np.ndarray:
        """Return 0, 1 or NaN, float64 [rows]."""
        import numpy as np

        return np.asarray(values.cast("float64").to_numpy(zero_copy_only=False))

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Return -1, 0 or 1."""
        return xp.where(x == x, 2.0 * x - 1.0, 0.0)[:, :, None]
