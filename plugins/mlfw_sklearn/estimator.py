"""The base of models that wrap a scikit-learn estimator."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import mlfw
from mlfw import Estimate, FitContext, Schema, Splits, UserError
from mlfw.components.splits import TRAIN
from mlfw.files import write_bytes
from mlfw.memory import resident_memory
from mlfw_sklearn.packing import packed, unpacked
from mlfw_sklearn.problems import (
    Problem,
    add_predictions,
    problems,
    raw_predictions,
    repeated_rows,
)
from mlfw_sklearn.threads import threads_for, with_jobs
from mlfw_sklearn.timing import Growth, fit_on_samples
from mlfw_tabular import Preprocessor

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pyarrow as pa

FILES = "estimator-*.skops"
ROWS_LEARNT_FROM, ROWS_MEASURED = 50_000, 64
FEATURE_BYTES = 64_000_000
# The matrix, and the copy of it in half the precision that trees make.
COPIES = 1.5


@dataclass(kw_only=True)
class Estimator(mlfw.Model):
    """A scikit-learn estimator behind a preprocessor.

    To wrap another estimator, subclass this, declare its parameters as fields and build it.

    Attributes:
        trusted: Types beside scikit-learn's own public ones that a saved estimator may hold,
            by full name. Nothing else is ever loaded.
        counted: The field that counts what a fit makes one after the other, such as trees, if
            there is one.
        class_rows: Rows that the estimator needs of each class, because it divides the rows by
            itself. Rows of smaller classes are repeated and weighted down accordingly.
    """

    packages: ClassVar[tuple[str, ...]] = ("sklearn", "skops")
    extra: ClassVar[str] = "sklearn"
    several_targets: ClassVar[bool] = True
    trusted: ClassVar[tuple[str, ...]] = ()
    counted: ClassVar[str] = ""
    class_rows: ClassVar[int] = 1

    @abstractmethod
    def build(self, schema: Schema) -> Any:
        """Return a fresh estimator: a classifier with `predict_proba`, or a regressor.

        Args:
            schema: One with one target, whose task is binary, multi-class or regression and
                decides which. The random state is set afterwards.
        """

    def fit(self, data: Splits, context: FitContext) -> EstimatorPredictor:
        """Fit preprocessor and estimators on the training rows: one a target, or a label."""
        schema = data.schema
        preprocessor, features = Preprocessor.fit_transform(
            data.train, schema, context.seed, progress=context.preparing
        )
        matrix = preprocessor.joined(features)
        estimators = tuple(
            self._fitted(problem, matrix, context.seed) for problem in problems(data.train, schema)
        )
        return EstimatorPredictor(schema, preprocessor, estimators)

    def estimate(self, data: Splits, context: FitContext) -> Estimate | None:
        """Return what `fit` will cost, from fits on samples of the rows."""
        for problem in problems(data.train.slice(0, 1), data.schema):
            self.build(problem.schema)  # loads what the estimator needs, which is not to be timed
        held = resident_memory()
        estimate = fit_on_samples(
            data,
            context.seed,
            lambda sample, made: self._making(made).fit(sample, context).predict,
            growth=self.growth(),
            count=getattr(self, self.counted) if self.counted else 1,
        )
        needed = held + round(COPIES * _matrix_bytes(data))
        return replace(estimate, memory=max(estimate.memory or 0, needed))

    def growth(self) -> Growth:
        """Return what is known of how a fit's time grows with the rows."""
        return Growth()

    def _making(self, count: int) -> Self:
        """Return the same with fewer of what is made one after the other."""
        return replace(self, **{self.counted: count}) if self.counted else self

    def _fitted(self, problem: Problem, matrix: np.ndarray, seed: int) -> Any:
        from sklearn.dummy import DummyClassifier
        from sklearn.utils._param_validation import InvalidParameterError
        from sklearn.utils.validation import has_fit_parameter

        estimator, values, weights = self.build(problem.schema), problem.values, problem.weights
        classify = problem.schema.task.is_classification
        if classify and (values == values[0]).all():
            estimator = DummyClassifier()  # most classifiers refuse what is always the same
        _seed(estimator, seed)
        takes_weights = has_fit_parameter(estimator, "sample_weight")
        if weights is not None and not takes_weights:
            raise UserError(
                "dataset.balance=weights: this model cannot weight rows.",
                "Set dataset.balance=oversample.",
            )
        more = repeated_rows(values, self.class_rows) if classify else None
        if more:
            rows, shares = more
            matrix, values = matrix[rows], values[rows]
            if takes_weights:
                weights = shares if weights is None else weights[rows] * shares
        options = {} if weights is None else {"sample_weight": weights}
        jobs = getattr(estimator, "n_jobs", None)
        parts = getattr(estimator, "n_estimators", 1)
        estimator = with_jobs(estimator, matrix.size * parts)
        try:
            with threads_for(matrix.size):
                estimator.fit(matrix, values, **options)
        except InvalidParameterError as error:
            raise UserError(f"model: {error}", "See: mlfw show model") from None
        if jobs is not None:
            estimator.n_jobs = jobs  # what is saved does not depend on this machine
        return estimator

    def load(self, folder: Path, schema: Schema) -> EstimatorPredictor:
        """Load preprocessor and estimators; a type that is not trusted is refused."""
        files = sorted(folder.glob(FILES))
        estimators = tuple(self._load(file) for file in files)
        return EstimatorPredictor(schema, Preprocessor.load(folder), estimators)

    def _load(self, file: Path) -> Any:
        from skops.io import load
        from skops.io.exceptions import UntrustedTypesFoundException

        try:
            return unpacked(load(file, trusted=list(self.trusted)))
        except UntrustedTypesFoundException as error:
            raise UserError(
                f"{file}: holds types that are not trusted: {error}",
                "Load only models you know. A plugin that needs these types names them in its "
                "class's `trusted`.",
            ) from None


class EstimatorPredictor(mlfw.Predictor):
    """Fitted estimators, one a target or a label, with their preprocessor."""

    onnx_tolerance: ClassVar[float] = 1e-9

    def __init__(
        self, schema: Schema, preprocessor: Preprocessor, estimators: tuple[Any, ...]
    ) -> None:
        self.schema = schema
        self.preprocessor = preprocessor
        self.estimators = estimators

    def predict(self, rows: pa.Table) -> pa.Table:
        """Return predictions for rows that conform to the schema."""
        import numpy as np

        prepare = self.preprocessor
        size = rows_at_once(len(prepare.number_names) + sum(prepare.cardinalities))
        pieces = [
            self._predicted(prepare.matrix(rows.slice(at, size)))
            for at in range(0, max(rows.num_rows, 1), size)
        ]
        values = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
        return mlfw.predictions_table(self.schema, values if len(values) > 1 else values[0])

    def to_onnx(self) -> onnx.ModelProto:
        """Return preprocessing and estimators as one model in ONNX, in double precision.

        Raises:
            UserError: An estimator, or a column's name, has no ONNX form.
        """
        from mlfw_onnx import Graph, prediction_model

        graph = Graph()
        x = self.preprocessor.graph_matrix(graph)
        values = add_predictions(self.schema, self.estimators, x)
        return prediction_model(graph, self.schema, values, self.preprocessor.input_notes())

    def onnx_feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return what the inputs of the model in ONNX take."""
        return self.preprocessor.feeds(rows)

    def _predicted(self, matrix: np.ndarray) -> list[Any]:
        estimators = tuple(with_jobs(each, matrix.size) for each in self.estimators)
        with threads_for(matrix.size):
            return raw_predictions(self.schema, estimators, matrix)

    def save(self, folder: Path) -> None:
        """Write preprocessor and estimators as data."""
        from skops.io import dumps

        self.preprocessor.save(folder)
        for number, estimator in enumerate(self.estimators):
            write_bytes(folder / FILES.replace("*", f"{number:05}"), dumps(packed(estimator)))


def rows_at_once(features: int) -> int:
    """Return of how many rows the features may be in memory at a time, where any part will do."""
    return max(FEATURE_BYTES // (8 * max(features, 1)), 1)


def _matrix_bytes(data: Splits) -> float:
    """Return about how large the matrix of all training rows is."""
    rows = data.train.slice(0, ROWS_LEARNT_FROM)
    some = rows.slice(0, ROWS_MEASURED)
    matrix = Preprocessor.fit(rows, data.schema).matrix(some)
    share = data.count(TRAIN) / max(some.num_rows, 1)
    return float(matrix.nbytes * share)


def _seed(estimator: Any, seed: int) -> None:
    """Set every random state of an estimator, also of those inside it."""
    names = [name for name in estimator.get_params() if name.endswith("random_state")]
    estimator.set_params(**dict.fromkeys(names, seed))
