"""What every encoder does: read a column as plain numbers, then take one numeric step.

Reading needs Arrow and the strings that were learnt. The step is written once, for NumPy and for
the tensors of an ONNX graph alike, so that what is exported with a model computes what the model
was trained on.

An exported graph has one input per column, which takes the place of reading. By default it takes
numbers; an encoder whose `read` returns anything else sets `input_type` and `input_shape`, and one
that reads within the graph, such as a vocabulary lookup, overrides `feed` and `add_read`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_onnx import Tensor

LARGEST = 1e100  # its square is still a number
MOST_DEVIATIONS = 1e6
SMALLEST_DEVIATION = 1e-12
UNKNOWN = 0


class Output(StrEnum):
    """Where the result of an encoder goes; see `Features`."""

    numbers = "numbers"
    codes = "codes"
    tokens = "tokens"
    images = "images"


class Audience(StrEnum):
    """Which models an encoder is for."""

    all = "all"
    estimators = "estimators"
    networks = "networks"


@dataclass(frozen=True, kw_only=True)
class Encoder(ABC):
    """What was learnt of one column.

    Attributes:
        column: The column's name.
    """

    name: ClassVar[str]
    output: ClassVar[Output] = Output.numbers
    audience: ClassVar[Audience] = Audience.all
    input_type: ClassVar[str] = "float64"

    column: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the column's input to an ONNX graph, without the rows."""
        return ()

    @property
    def rows_at_once(self) -> int:
        """How many values are read and prepared at a time, so that they stay in the cache."""
        return 1 << 16

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the numbers made."""
        return ()

    @property
    def cardinality(self) -> int:
        """How many codes or tokens there are, 0 where the column becomes other things."""
        return 0

    @property
    def group(self) -> tuple[Any, ...]:
        """What encoders that take their step together have in common."""
        return (self.name, self.column)

    @abstractmethod
    def read(self, values: pa.Array) -> np.ndarray:
        """Return a column as a plain numeric array, [rows] or [rows, ...].

        Args:
            values: The column in its kind's storage type, [rows].
        """

    def feed(self, values: pa.Array) -> np.ndarray:
        """Return the values of the column's input to an ONNX graph, [rows, *input_shape].

        Args:
            values: See `read`.
        """
        return self.read(values)

    def plain_feed(self, values: list[Any]) -> np.ndarray | None:  # noqa: ARG002
        """Return what `feed` returns for a few plain values, or None if that is not known.

        Args:
            values: Numbers, booleans as 0.0 or 1.0, dates as days since 1970, categories as text;
                None for missing ones.
        """
        return None

    def add_read(self, x: Tensor) -> Tensor:
        """Add to an ONNX graph what `read` computes.

        Args:
            x: The column's input, of `input_type` [rows, *input_shape].
        """
        return x

    def input_notes(self) -> dict[str, Any]:
        """Return a description of the column's input to an ONNX graph, as JSON data.

        `holds` is a phrase for its values, `missing` the value that stands for a missing one (NaN
        as text); other keys hold what the phrase refers to.
        """
        return {"holds": "a number", "missing": "NaN"}

    def constants(self) -> dict[str, np.ndarray]:
        """Return what the step needs beside the group: float64 or int64 arrays by name."""
        return {}

    @classmethod
    def stack(cls, encoders: Sequence[Encoder]) -> dict[str, np.ndarray]:
        """Return the constants of a group, each [columns, ...]."""
        import numpy as np

        each = [encoder.constants() for encoder in encoders]
        return {name: np.stack([constants[name] for constants in each]) for name in each[0]}

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Take the numeric step for a group of columns.

        Args:
            xp: `numpy` or `mlfw_onnx.arrays`; only what both have is used.
            x: What `read` returned for the columns of a group, [rows, columns, ...].
            constants: What `stack` returned for them.

        Returns:
            [rows, columns, features], nothing missing and everything finite.
        """
        return x

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as JSON data."""
        return {"encoder": self.name, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class SequenceEncoder(Encoder):
    """A text as a sequence of numbers of words or parts of words, for networks.

    `read` returns int32 [rows, length]; 0 fills up what is short, and stands nowhere else. An
    exported graph takes the same.

    Attributes:
        column: The column's name.
        length: How many numbers a text has.
    """

    output: ClassVar[Output] = Output.tokens
    audience: ClassVar[Audience] = Audience.networks
    input_type: ClassVar[str] = "int32"

    length: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The length."""
        return (self.length,)

    def input_notes(self) -> dict[str, Any]:
        """Return what the numbers are."""
        import pyarrow as pa

        missing = self.read(pa.nulls(1, pa.string()))[0].tolist()
        holds = "numbers of words or parts of words, 0 where the text has ended"
        return {"holds": holds, "missing": missing}

    @property
    def reader(self) -> str:
        """What a network must know to read the numbers beside their count; often nothing."""
        return ""


def deviation(value: float) -> float:
    """Return what to divide by: the standard deviation, or 1 where there is none."""
    return value if value > SMALLEST_DEVIATION else 1.0


def plain_numbers(values: list[Any]) -> np.ndarray:
    """Return numbers with NaN for None, float64 [values]."""
    import numpy as np

    return np.array(values, dtype=np.float64)  # None becomes NaN
