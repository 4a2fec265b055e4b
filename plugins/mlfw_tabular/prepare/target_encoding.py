"""Categories, as what the target is like where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column
from mlfw_tabular.prepare.categories import (
    CategoryOptions,
    VocabularyEncoder,
    learn_vocabulary,
    read_codes,
)
from mlfw_tabular.prepare.target_values import TargetValues

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class TargetEncoder(VocabularyEncoder):
    """A category: the smoothed mean of the target among its training rows.

    Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes in
    classification and prediction problems (2001): the mean of a category with n rows counts
    n / (n + smoothing), the mean of all rows the rest. Unknown and missing categories stand for
    the mean of all rows.

    Attributes:
        column: The column's name.
        vocabulary: The values learnt, sorted; the first has the code 1.
        targets: What the numbers are.
        means: Of all training rows, [numbers].
        deviations: What the numbers are divided by, [numbers].
        table: The numbers of each code, scaled, [codes, numbers].
        smoothing: How many rows of the average a mean is mixed with.
        folds: Into how many parts training rows are divided for their own numbers.
    """

    name: ClassVar[str] = "target"

    targets: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    table: tuple[tuple[float, ...], ...]
    smoothing: float
    folds: int

    @classmethod
    def fit(
        cls, column: Column, values: pa.Array, targets: TargetValues, options: CategoryOptions
    ) -> TargetEncoder:
        """Learn the mean of each category."""
        import numpy as np
        import pyarrow as pa

        vocabulary = learn_vocabulary(values, options)
        codes = read_codes(values, pa.array(vocabulary, pa.string())).astype(np.int64)
        count = len(vocabulary) + 1
        rows = np.bincount(codes, minlength=count).astype(np.float64)[:, None]
        sums = targets.sums(codes, count)
        means = sums.sum(axis=0) / max(len(codes), 1)
        table = _smoothed(sums, rows, means, options.smoothing)
        table[0] = means
        spread = np.sqrt((rows * (table - means) ** 2).sum(axis=0) / max(len(codes), 1))
        # Relative to the mean: what differs by rounding only is no spread.
        deviations = np.where(spread > 1e-9 * np.abs(means) + 1e-12, spread, 1.0)
        return cls(
            column=column.name,
            vocabulary=vocabulary,
            targets=targets.names,
            means=tuple(means.tolist()),
            deviations=tuple(deviations.tolist()),
            table=tuple(map(tuple, ((table - means) / deviations).tolist())),
            smoothing=options.smoothing,
            folds=options.folds,
        )

    @property
    def rows_at_once(self) -> int:
        """Many: a dictionary is looked up anew for each piece."""
        return 1 << 18

    @property
    def features(self) -> tuple[str, ...]:
        """What the target is like."""
        return tuple(f"{self.column} {target}" for target in self.targets)

    def read(self, values: pa.Array) -> np.ndarray:
        """Return codes, int64 [rows]."""
        import numpy as np

        return read_codes(values, self.known).astype(np.int64)

    def constants(self) -> dict[str, np.ndarray]:
        """Return the table."""
        import numpy as np

        return {"table": np.asarray(self.table, np.float64)}

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Look the numbers up."""
        return constants["table"][0][x]

    def out_of_fold(self, values: pa.Array, targets: TargetValues, seed: int) -> np.ndarray:
        """Return the numbers of training rows, each learnt from the other folds only.

        Args:
            values: The column that the encoder was fitted on, [rows].
            targets: The targets of the same rows.
            seed: What the division into folds follows from.

        Returns:
            float64 [rows, numbers], scaled as those of other rows are.
        """
        import numpy as np

        codes = self.read(values)
        count = len(self.vocabulary) + 1
        folds = np.random.default_rng(seed).permutation(len(codes)) % self.folds
        groups = folds * count + codes
        shape = (self.folds, count, -1)
        sums = targets.sums(groups, self.folds * count).reshape(shape)
        rows = np.bincount(groups, minlength=self.folds * count).reshape(shape).astype(np.float64)
        other_sums, other_rows = sums.sum(axis=0) - sums, rows.sum(axis=0) - rows
        total = np.maximum(other_rows.sum(axis=1, keepdims=True), 1)
        means = other_sums.sum(axis=1, keepdims=True) / total
        table = _smoothed(other_sums, other_rows, means, self.smoothing)
        table[:, 0] = means[:, 0]
        scaled = (table - np.asarray(self.means)) / np.asarray(self.deviations)
        made: np.ndarray = scaled[folds, codes]
        return made


def _smoothed(sums: np.ndarray, rows: np.ndarray, means: np.ndarray, smoothing: float) -> Any:
    """Return the means of groups, [..., groups, numbers], drawn to those of all rows."""
    import numpy as np

    weight = rows + smoothing
    mixed = (sums + smoothing * means) / np.where(weight > 0, weight, 1.0)
    return np.where(weight > 0, mixed, means)
