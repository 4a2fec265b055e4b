"""Categories, as codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, limits
from mlfw.schema import free_name
from mlfw_tabular.prepare.encoder import UNKNOWN, Encoder, Output

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_onnx import Tensor


class CategoryEncoding(StrEnum):
    """What a category becomes: a code, or what the target is like where it stands."""

    code = "code"
    target = "target"


@dataclass(frozen=True, kw_only=True)
class CategoryOptions:
    """How a category is prepared.

    Attributes:
        encode: code (one-hot for estimators, embedded by networks) or target (the mean of the
            target, or the share of each class, among training rows of the same category; a
            training row's own target is never among them).
        min_count: In how many training rows a category must stand; rarer ones are as unknown.
        most: How many categories are told apart; the rarest of the rest are as unknown.
        smoothing: With encode=target, how many rows of the average the mean is mixed with.
        folds: With encode=target, into how many parts training rows are divided.
    """

    encode: CategoryEncoding = CategoryEncoding.code
    min_count: int = field(default=1, metadata=limits(minimum=1))
    most: int = field(default=1000, metadata=limits(minimum=1))
    smoothing: float = field(default=10.0, metadata=limits(minimum=0))
    folds: int = field(default=5, metadata=limits(minimum=2))


@dataclass(frozen=True, kw_only=True)
class VocabularyEncoder(Encoder):
    """Looks values up in a vocabulary: unknown and missing values have the code 0.

    An exported graph takes strings and looks them up itself. A missing value is given as a string
    that is not a category: the empty one, unless that was learnt.

    Attributes:
        column: The column's name.
        vocabulary: The values learnt, sorted; the first has the code 1.
    """

    input_type: ClassVar[str] = "object"

    vocabulary: tuple[str, ...]

    @property
    def missing(self) -> str:
        """The string for a missing value in an exported graph."""
        return "" if "" not in self.vocabulary else free_name("missing", self.vocabulary)

    @cached_property
    def known(self) -> pa.Array:
        """The vocabulary."""
        import pyarrow as pa

        return pa.array(self.vocabulary, pa.string())

    def feed(self, values: pa.Array) -> np.ndarray:
        """Return the strings, object [rows]."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        filled = pc.fill_null(values.cast(pa.string()), self.missing)
        return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=object)

    def plain_feed(self, values: list[Any]) -> np.ndarray:
        """Return the strings, object [values]."""
        import numpy as np

        missing = self.missing
        return np.array([missing if value is None else value for value in values], dtype=object)

    def add_read(self, x: Tensor) -> Tensor:
        """Return the codes, int64 [rows]."""
        from mlfw_onnx import arrays

        graph, codes = x.graph, range(1, len(self.vocabulary) + 1)
        if not codes:
            return arrays.zeros_like(x, dtype=arrays.int64)
        return graph.op(
            "LabelEncoder",
            x,
            domain="ai.onnx.ml",
            dtype=arrays.int64,
            keys_strings=list(self.vocabulary),
            values_int64s=list(codes),
            default_int64=UNKNOWN,
        )

    def input_notes(self) -> dict[str, Any]:
        """Return the categories."""
        return {
            "holds": "a category",
            "missing": self.missing,
            "categories": list(self.vocabulary),
        }


@dataclass(frozen=True, kw_only=True)
class CategoryEncoder(VocabularyEncoder):
    """A category: the code of its value, 0 for one not learnt and for none.

    Attributes:
        column: The column's name.
        vocabulary: The values learnt, sorted; the first has the code 1.
    """

    name: ClassVar[str] = "category"
    output: ClassVar[Output] = Output.codes

    @classmethod
    def fit(cls, column: Column, values: pa.Array, options: CategoryOptions) -> CategoryEncoder:
        """Learn the values that occur often enough."""
        return cls(column=column.name, vocabulary=learn_vocabulary(values, options))

    @property
    def cardinality(self) -> int:
        """The known values and one code for all others."""
        return len(self.vocabulary) + 1

    @property
    def group(self) -> tuple[Any, ...]:
        """All codes go together."""
        return (self.name,)

    def read(self, values: pa.Array) -> np.ndarray:
        """Return codes, int32 [rows]; of a dictionary only the dictionary is looked up."""
        return read_codes(values, self.known)


def learn_vocabulary(values: pa.Array, options: CategoryOptions) -> tuple[str, ...]:
    """Return the values that stand in enough rows, the most frequent ones, sorted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = _counts(values)
    counts = counts.filter(pc.greater_equal(counts["rows"], options.min_count))
    if counts.num_rows > options.most:
        order: list[tuple[str, str]] = [("rows", "descending"), ("value", "ascending")]
        counts = counts.sort_by(order).slice(0, options.most)
    vocabulary = pa.array(counts["value"].combine_chunks()).to_pylist()
    return tuple(sorted(vocabulary))


def _counts(values: pa.Array) -> pa.Table:
    """Return the columns `value` and `rows` of the values that occur."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(values.type):
        counted = pc.value_counts(values.drop_null())
        return pa.table({"value": counted.field("values"), "rows": counted.field("counts")})
    indices = np.asarray(values.indices.drop_null(), dtype=np.int64)
    rows = np.bincount(indices, minlength=len(values.dictionary))
    table = pa.table({"value": values.dictionary, "rows": rows})
    table = table.filter(pc.and_(pc.greater(table["rows"], 0), pc.is_valid(table["value"])))
    return table.group_by("value").aggregate([("rows", "sum")]).rename_columns(["value", "rows"])


def read_codes(values: pa.Array, known: pa.Array) -> np.ndarray:
    """Return the place of each value among those known, from 1, or 0; int32 [rows].

    Args:
        values: Strings, or a dictionary of strings, [rows].
        known: Different strings.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(values.type):
        index = pc.fill_null(pc.index_in(values, known, skip_nulls=True), -1)
        codes: np.ndarray = np.asarray(index, dtype=np.int32) + np.int32(1)
        return codes
    words = values.dictionary.cast(pa.string())
    table = np.append(read_codes(words, known), np.int32(0))  # the last one is for nulls
    return np.take(table, np.asarray(pc.fill_null(values.indices, len(words))))
