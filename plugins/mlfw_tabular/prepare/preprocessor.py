"""The preprocessor: one encoder a column, fitted on training rows, saved with the model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Kind, Schema
from mlfw.files import read_json, write_json
from mlfw_tabular.prepare.encoders import (
    BooleanEncoder,
    CategoryEncoder,
    DatetimeEncoder,
    Encoder,
    NumberEncoder,
    TextEncoder,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FILE = "preprocessor.json"
ENCODERS: dict[Kind, type[Encoder]] = {
    Kind.number: NumberEncoder,
    Kind.boolean: BooleanEncoder,
    Kind.datetime: DatetimeEncoder,
    Kind.category: CategoryEncoder,
    Kind.text: TextEncoder,
}


@dataclass(frozen=True)
class Features:
    """Prepared rows.

    Attributes:
        numbers: float64 [rows, numbers], centred and scaled, nothing missing.
        codes: int64 [rows, categories], each below its column's cardinality; 0 is unknown.
    """

    numbers: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True)
class Preprocessor:
    """Prepares the rows of a schema for estimators and networks."""

    encoders: tuple[Encoder, ...]

    @classmethod
    def fit(cls, rows: pa.Table, schema: Schema) -> Preprocessor:
        """Learn from training rows.

        Args:
            rows: Rows that conform to the schema.
            schema: Which columns to prepare, and their kinds.
        """
        return cls(
            tuple(
                ENCODERS[column.kind].fit(column.name, rows[column.name].combine_chunks())
                for column in schema.columns
            )
        )

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """What the columns of `Features.numbers` are."""
        return tuple(name for encoder in self.encoders for name in encoder.features)

    @cached_property
    def code_names(self) -> tuple[str, ...]:
        """What the columns of `Features.codes` are."""
        return tuple(encoder.column for encoder in self._coders)

    @cached_property
    def cardinalities(self) -> tuple[int, ...]:
        """How many codes each column of `Features.codes` has, the unknown one included."""
        return tuple(encoder.cardinality for encoder in self._coders)

    @cached_property
    def _coders(self) -> tuple[Encoder, ...]:
        return tuple(encoder for encoder in self.encoders if encoder.cardinality)

    def transform(self, rows: pa.Table) -> Features:
        """Prepare rows that conform to the schema."""
        import numpy as np

        count = rows.num_rows
        numbers = [
            encoder.numbers(rows[encoder.column].combine_chunks())
            for encoder in self.encoders
            if not encoder.cardinality
        ]
        codes = [encoder.codes(rows[encoder.column].combine_chunks()) for encoder in self._coders]
        return Features(
            np.concatenate(numbers, axis=1) if numbers else np.zeros((count, 0)),
            np.stack(codes, axis=1) if codes else np.zeros((count, 0), np.int64),
        )

    def matrix(self, rows: pa.Table) -> np.ndarray:
        """Prepare rows for an estimator: numbers, then every category one-hot.

        Returns:
            float64 [rows, features]. A value not seen in training is 0 in all its columns.
        """
        import numpy as np

        features = self.transform(rows)
        blocks = [features.numbers]
        for index, cardinality in enumerate(self.cardinalities):
            known = np.arange(1, cardinality)
            blocks.append((features.codes[:, index, None] == known).astype(np.float64))
        return np.concatenate(blocks, axis=1)

    def save(self, folder: Path) -> None:
        """Write the preprocessor as JSON into a folder."""
        write_json(folder / FILE, [encoder.to_json() for encoder in self.encoders])

    @classmethod
    def load(cls, folder: Path) -> Preprocessor:
        """Read what `save` wrote."""
        return cls(tuple(_encoder(data) for data in read_json(folder / FILE)))


def _encoder(data: dict[str, Any]) -> Encoder:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
    }
    return ENCODERS[Kind(values.pop("kind"))](**values)
