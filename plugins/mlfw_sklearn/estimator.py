"""The base of models that wrap a scikit-learn estimator."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import mlfw
from mlfw import Estimate, FitContext, Schema, Splits, UserError
from mlfw.components.splits import TRAIN

if TYPE_CHECKING:
    import numpy as np

    from mlfw_sklearn.predictor import EstimatorPredictor
    from mlfw_sklearn.problems import Problem
    from mlfw_sklearn.timing import Growth

ROWS_LEARNT_FROM, ROWS_MEASURED = 50_000, 64
# The matrix, and the copy of it in half the precision that trees make.
COPIES = 1.5


@dataclass(kw_only=True)
class Estimator(mlfw.Model):
    """A scikit-learn estimator behind a preprocessor.

    To wrap another estimator, subclass this, declare its parameters as fields and build it.

    Attributes:
        trusted: Types beside scikit-learn's own public ones that a saved estimator without ONNX
            form may hold, by full name. Nothing else is ever loaded.
        counted: The field that counts what a fit makes one after the other, such as trees, if
            there is one.
        class_rows: Rows that the estimator needs of each class, because it divides the rows by
            itself. Rows of smaller classes are repeated and weighted down accordingly.
    """

    packages: ClassVar[tuple[str, ...]] = ("sklearn", "onnx", "onnxruntime")
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

    def check_schema(self, schema: Schema) -> None:
        """Check that the estimator can be saved.

        Raises:
            UserError: It has no ONNX form, and skops is not installed.
        """
        from mlfw_sklearn.graphs import has_form
        from mlfw_sklearn.skops_files import require_skops

        estimator = self.build(schema.single(schema.targets[0]))
        if not has_form(estimator):
            require_skops(estimator)

    def fit(self, data: Splits, context: FitContext) -> EstimatorPredictor:
        """Fit preprocessor and estimators on the training rows: one a target, or a label."""
        from mlfw_sklearn.predictor import EstimatorPredictor
        from mlfw_sklearn.problems import problems
        from mlfw_tabular import Preprocessor

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
        from mlfw.memory import resident_memory
        from mlfw_sklearn.problems import problems
        from mlfw_sklearn.timing import fit_on_samples

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
        from mlfw_sklearn.timing import Growth

        return Growth()

    def _making(self, count: int) -> Self:
        """Return the same with fewer of what is made one after the other."""
        return replace(self, **{self.counted: count}) if self.counted else self

    def _fitted(self, problem: Problem, matrix: np.ndarray, seed: int) -> Any:
        from sklearn.dummy import DummyClassifier
        from sklearn.utils._param_validation import InvalidParameterError
        from sklearn.utils.validation import has_fit_parameter

        from mlfw_sklearn.problems import repeated_rows
        from mlfw_sklearn.threads import threads_for, with_jobs

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

    def load(self, folder: Path, schema: Schema) -> mlfw.Predictor:
        """Load a fitted model: the one in ONNX, or else the estimators.

        Raises:
            UserError: A file is damaged, or holds a type that is not trusted.
        """
        from mlfw_onnx import MODEL, OnnxPredictor
        from mlfw_tabular import Preprocessor

        preprocessor = Preprocessor.load(folder)
        if (folder / MODEL).is_file():
            return OnnxPredictor.load(folder, schema, preprocessor)
        from mlfw_sklearn.predictor import EstimatorPredictor
        from mlfw_sklearn.skops_files import load_estimators

        estimators = load_estimators(folder, self.trusted)
        return EstimatorPredictor(schema, preprocessor, estimators).portable()

    def load_native(self, folder: Path, schema: Schema) -> mlfw.Predictor:
        """Load the estimators, which are saved only if one of them has no ONNX form.

        Raises:
            UserError: The model is saved in ONNX alone.
        """
        from mlfw_onnx import MODEL
        from mlfw_sklearn.predictor import EstimatorPredictor
        from mlfw_sklearn.skops_files import load_estimators
        from mlfw_tabular import Preprocessor

        if (folder / MODEL).is_file():
            raise UserError(
                f"{folder}: the model is saved in ONNX alone, which predicts what scikit-learn "
                "does.",
                "Leave out --engine native.",
            )
        estimators = load_estimators(folder, self.trusted)
        return EstimatorPredictor(schema, Preprocessor.load(folder), estimators)


def _matrix_bytes(data: Splits) -> float:
    """Return about how large the matrix of all training rows is."""
    from mlfw_tabular import Preprocessor

    rows = data.train.slice(0, ROWS_LEARNT_FROM)
    some = rows.slice(0, ROWS_MEASURED)
    matrix = Preprocessor.fit(rows, data.schema).matrix(some)
    share = data.count(TRAIN) / max(some.num_rows, 1)
    return float(matrix.nbytes * share)


def _seed(estimator: Any, seed: int) -> None:
    """Set every random state of an estimator, also of those inside it."""
    names = [name for name in estimator.get_params() if name.endswith("random_state")]
    estimator.set_params(**dict.fromkeys(names, seed))
