"""The base of models that wrap a scikit-learn estimator."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import FitContext, Schema, Splits, UserError
from mlfw.files import write_bytes
from mlfw_tabular import Preprocessor

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "estimator.skops"


@dataclass(kw_only=True)
class Estimator(mlfw.Model):
    """A scikit-learn estimator behind a preprocessor.

    To wrap another estimator, subclass this, declare its parameters as fields and build it.

    Attributes:
        trusted: Types beside scikit-learn's own public ones that a saved estimator may hold,
            by full name. Nothing else is ever loaded.
    """

    packages: ClassVar[tuple[str, ...]] = ("sklearn", "skops")
    extra: ClassVar[str] = "sklearn"
    trusted: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build(self, schema: Schema) -> Any:
        """Return a fresh estimator: a classifier with `predict_proba`, or a regressor.

        Args:
            schema: Its `task` decides which. The random state is set afterwards.
        """

    def fit(self, data: Splits, context: FitContext) -> EstimatorPredictor:
        """Fit preprocessor and estimator on the training rows."""
        from sklearn.utils._param_validation import InvalidParameterError

        schema = data.schema
        preprocessor = Preprocessor.fit(data.train, schema)
        estimator = self.build(schema)
        _seed(estimator, context.seed)
        try:
            estimator.fit(preprocessor.matrix(data.train), _target(data.train, schema))
        except InvalidParameterError as error:
            raise UserError(f"model: {error}", "See: mlfw show model") from None
        return EstimatorPredictor(schema, preprocessor, estimator)

    def load(self, folder: Path, schema: Schema) -> EstimatorPredictor:
        """Load preprocessor and estimator; a type that is not trusted is refused."""
        from skops.io import load
        from skops.io.exceptions import UntrustedTypesFoundException

        try:
            estimator = load(folder / FILE, trusted=list(self.trusted))
        except UntrustedTypesFoundException as error:
            raise UserError(
                f"{folder / FILE}: holds types that are not trusted: {error}",
                "Load only models you know. A plugin that needs these types names them in its "
                "class's `trusted`.",
            ) from None
        return EstimatorPredictor(schema, Preprocessor.load(folder), estimator)


class EstimatorPredictor(mlfw.Predictor):
    """A fitted estimator with its preprocessor."""

    def __init__(self, schema: Schema, preprocessor: Preprocessor, estimator: Any) -> None:
        self.schema = schema
        self.preprocessor = preprocessor
        self.estimator = estimator

    def predict(self, rows: pa.Table) -> pa.Table:
        """Return predictions for rows that conform to the schema."""
        import numpy as np

        matrix = self.preprocessor.matrix(rows)
        if not len(matrix):
            width = len(self.schema.classes)
            return mlfw.predictions_table(self.schema, np.zeros((0, width) if width else 0))
        if not self.schema.task.is_classification:
            return mlfw.predictions_table(self.schema, self.estimator.predict(matrix))
        probabilities = np.zeros((len(matrix), len(self.schema.classes)))
        # A class that has no training row is unknown to the estimator.
        probabilities[:, self.estimator.classes_] = self.estimator.predict_proba(matrix)
        return mlfw.predictions_table(self.schema, probabilities)

    def save(self, folder: Path) -> None:
        """Write preprocessor and estimator as data."""
        from skops.io import dumps

        self.preprocessor.save(folder)
        write_bytes(folder / FILE, dumps(self.estimator))


def _target(rows: pa.Table, schema: Schema) -> Any:
    if schema.task.is_classification:
        return schema.codes(rows).to_numpy()
    return rows[schema.target.name].to_numpy()


def _seed(estimator: Any, seed: int) -> None:
    """Set every random state of an estimator, also of those inside it."""
    names = [name for name in estimator.get_params() if name.endswith("random_state")]
    estimator.set_params(**dict.fromkeys(names, seed))
