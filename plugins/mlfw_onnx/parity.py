"""Comparing an exported model with the model it was made from, row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Predictor, Task, UserError
from mlfw.errors import listing
from mlfw.schema import LEAST_LABEL_PROBABILITY, class_labels, prediction_name, probability_names
from mlfw_onnx.predictions import TargetOutputs

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_onnx.session import CheckedModel

ROWS_AT_ONCE = 1000
NUMBERS_AT_ONCE = 1 << 16  # fewer rows of texts or images, so that memory stays flat
REPLAYED = 1e-5  # the largest difference, absolute and relative, between two machines


@dataclass(frozen=True)
class Sample:
    """Rows to try a model with.

    Attributes:
        rows: Rows that conform to the schema.
        outputs: What was predicted for them when the model was saved, by output; empty if that was
            not recorded.
    """

    rows: pa.Table
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Comparison(ABC):
    """A comparison of an exported model with the model it was made from.

    Subclasses run the exported model.

    Attributes:
        said: How the sentence begins that says what was compared.
        predictor: The original model.
        outputs: The outputs of each target.
        tolerance: The largest difference allowed: absolute between probabilities, relative between
            predicted values.
        deployer: The name of the deployer that exports, for messages.
        largest: The largest difference so far, without the rows that `Predictor.onnx_slack` allows
            more.
        far: Whether there were such rows.
    """

    said: ClassVar[str] = "Compared with mlfw"

    predictor: Predictor
    outputs: tuple[TargetOutputs, ...]
    tolerance: float
    deployer: str
    largest: float = 0.0
    far: bool = False
    _sizes: dict[str, float] = field(default_factory=dict)

    @property
    def rows_at_once(self) -> int:
        """The number of rows that are compared at a time."""
        return ROWS_AT_ONCE

    @abstractmethod
    def run(self, rows: pa.Table) -> Mapping[str, np.ndarray]:
        """Return the outputs of the exported model for rows that conform to the schema, by name.

        Args:
            rows: At most `rows_at_once` rows.
        """

    def check(
        self, rows: pa.Table, what: str, recorded: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Check that both models predict the same.

        Labels must be equal, unless two classes are equally likely within the tolerance; numbers
        may differ by as much.

        Args:
            rows: Rows that conform to the schema.
            what: The word for these rows in messages, such as `sample`.
            recorded: What was predicted for them before, by output, to compare with too.

        Raises:
            UserError: They predict differently; the message names rows and outputs.
        """
        for start in range(0, rows.num_rows, self.rows_at_once):
            piece = rows.slice(start, self.rows_at_once)
            found = self.run(piece)
            predictions = self.predictor.predict(piece)
            expected: dict[str, np.ndarray] = {}
            for each in self.outputs:
                expected |= expected_outputs(self.predictor, each, predictions)
            differences = self._differences(expected, found, piece, self.tolerance)
            if recorded and not differences:
                part = slice(start, start + piece.num_rows)
                before = {name: values[part] for name, values in recorded.items()}
                differences = self._differences(before, found, piece, max(self.tolerance, REPLAYED))
            if differences:
                raise _mismatch(self.deployer, differences, start, what)

    def note(self, sample: Sample, tests: Iterable[pa.Table]) -> str:
        """Check made-up rows and test rows, and return a sentence that says so.

        Args:
            sample: Made-up rows.
            tests: Batches of test rows.

        Raises:
            UserError: See `check`.
        """
        self.check(sample.rows, "sample", sample.outputs)
        tested = 0
        for rows in tests:
            self.check(rows, "test")
            tested += rows.num_rows
        test = f" and {tested:,} test rows" if tested else ""
        equal = "labels are equal, " if any(each.label for each in self.outputs) else ""
        far = ", except where rounding errors of single precision weigh more" if self.far else ""
        return (
            f"{self.said} on {sample.rows.num_rows:,} made-up rows{test}: {equal}numbers "
            f"differ by at most {self.largest:.1g}{far}."
        )

    def _differences(
        self,
        expected: Mapping[str, np.ndarray],
        found: Mapping[str, np.ndarray],
        rows: pa.Table,
        tolerance: float,
    ) -> list[Difference]:
        """Return where predictions differ by more than the tolerance, and by more than they may."""
        import numpy as np

        allowed: np.ndarray = np.full(rows.num_rows, tolerance)
        differences = self._apart(expected, found, allowed)
        if not differences:
            return []
        slack = self.predictor.onnx_slack(rows)
        if slack is None:
            return differences
        self.far = True
        return self._apart(expected, found, allowed * slack)

    def _apart(
        self,
        expected: Mapping[str, np.ndarray],
        found: Mapping[str, np.ndarray],
        allowed: np.ndarray,
    ) -> list[Difference]:
        made: list[Difference] = []
        for outputs in self.outputs:
            name = outputs.probabilities or outputs.prediction
            made += self._numbers(name, outputs, expected[name], found[name], allowed)
            if outputs.label:
                made += self._labels(outputs, expected, found, allowed)
        return made

    def _numbers(
        self,
        name: str,
        outputs: TargetOutputs,
        wanted: np.ndarray,
        made: np.ndarray,
        allowed: np.ndarray,
    ) -> Iterator[Difference]:
        import numpy as np

        apart = np.where(_same(wanted, made), 0.0, np.abs(wanted - made))
        if outputs.prediction:
            apart = apart / self._size(name, wanted)
        each = allowed if apart.ndim == 1 else allowed[:, None]
        far = ~(apart <= each)
        usual = np.where(apart > self.tolerance, 0.0, apart)
        self.largest = max(self.largest, float(usual.max(initial=0)))
        for place in np.argwhere(far):
            label = f" of '{outputs.classes[place[1]]}'" if len(place) > 1 else ""
            at = tuple(place)
            yield Difference(int(place[0]), f"{name}{label}", wanted[at], made[at])

    def _labels(
        self,
        outputs: TargetOutputs,
        expected: Mapping[str, np.ndarray],
        found: Mapping[str, np.ndarray],
        allowed: np.ndarray,
    ) -> Iterator[Difference]:
        import numpy as np

        wanted, made = expected[outputs.label], found[outputs.label]
        likely = expected[outputs.probabilities]
        for place in np.argwhere(wanted != made):
            at = tuple(place)
            if outputs.task == Task.multilabel:
                short = abs(likely[at] - LEAST_LABEL_PROBABILITY)
            else:
                short = likely[at].max() - self._likelihood(outputs, likely[at], made[at])
            if short > allowed[at[0]]:
                label = f" of '{outputs.classes[at[1]]}'" if len(at) > 1 else ""
                yield Difference(int(at[0]), f"{outputs.label}{label}", wanted[at], made[at])

    def _size(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return the magnitudes of predicted values, at least the median one so far."""
        import numpy as np

        sizes: np.ndarray = np.abs(values)
        usual = sizes[np.isfinite(sizes)]
        median = float(np.median(usual)) if len(usual) else 0.0
        least = max(median, self._sizes.get(name, 0.0), float(np.finfo(np.float64).tiny))
        self._sizes[name] = least
        made: np.ndarray = np.maximum(sizes, least)
        return made

    def _likelihood(self, outputs: TargetOutputs, row: np.ndarray, label: Any) -> float:
        """Return the probability of a label; -1 for one that is not a class."""
        classes = _classes(self.predictor, outputs)
        return float(row[classes.index(label)]) if label in classes else -1.0


class Parity(Comparison):
    """A comparison of a model in ONNX with the model it was made from.

    Args:
        predictor: The original model.
        model: The model in ONNX.
        deployer: The name of the deployer that exports, for messages.
    """

    def __init__(self, predictor: Predictor, model: CheckedModel, deployer: str = "onnx") -> None:
        super().__init__(predictor, model.targets, predictor.onnx_tolerance, deployer)
        self.model = model

    @property
    def rows_at_once(self) -> int:
        """The number of rows that are compared at a time."""
        return min(max(NUMBERS_AT_ONCE // self.model.numbers_a_row, 1), ROWS_AT_ONCE)

    def run(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return the outputs of the model in ONNX for rows that conform to the schema."""
        return self.model.run(self.predictor.onnx_feeds(rows))


@dataclass(frozen=True)
class Difference:
    """A place where the two models predict differently.

    Attributes:
        row: The row, from 0.
        output: The output, and the class in it.
        expected: The prediction of mlfw.
        found: The prediction of the exported model.
    """

    row: int
    output: str
    expected: Any
    found: Any


def expected_outputs(
    predictor: Predictor, outputs: TargetOutputs, predictions: pa.Table
) -> dict[str, np.ndarray]:
    """Return the expected outputs of a target, by name.

    Args:
        predictor: The model.
        outputs: The target's outputs.
        predictions: As `Predictor.predict` returns them, [rows].
    """
    import numpy as np

    schema = predictor.schema
    (target,) = (each for each in schema.targets if each.name == outputs.target)
    predicted = predictions[prediction_name(schema, target)]
    if target.task is Task.regression:
        return {outputs.prediction: predicted.to_numpy()}
    likely = np.stack(
        [predictions[name].to_numpy() for name in probability_names(schema, target)], axis=1
    )
    labels = np.asarray(predicted.to_pylist(), dtype=object)
    if target.task is Task.multilabel:
        labels = likely >= LEAST_LABEL_PROBABILITY
    return {outputs.label: labels, outputs.probabilities: likely}


def _classes(predictor: Predictor, outputs: TargetOutputs) -> list[Any]:
    (target,) = (each for each in predictor.schema.targets if each.name == outputs.target)
    return list(class_labels(target).to_pylist())


def _same(wanted: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Return where numbers are equal, or both are NaN."""
    import numpy as np

    same: np.ndarray = (wanted == made) | (np.isnan(wanted) & np.isnan(made))
    return same


def _mismatch(deployer: str, differences: list[Difference], start: int, what: str) -> UserError:
    rows = sorted({difference.row for difference in differences})
    shown = listing(
        [
            f"row {start + each.row + 1}, {each.output}: expected {_shown(each.expected)}, found "
            f"{_shown(each.found)}"
            for each in differences[:3]
        ]
    )
    return UserError(
        f"deployer={deployer}: the exported model and mlfw predict differently: {what} {shown}; "
        f"{len(rows)} row{'s differ' if len(rows) > 1 else ' differs'}.",
        "Nothing was written. Choose another model, or deploy this one with deployer=bentoml.",
    )


def _shown(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else repr(value)
