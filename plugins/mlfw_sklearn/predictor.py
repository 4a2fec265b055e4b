"""Fitted estimators and their preprocessor, as one model that predicts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Schema
from mlfw_onnx import OnnxPredictor, check_portable, save_portable
from mlfw_sklearn.graphs.converters import NoFormError
from mlfw_sklearn.problems import add_predictions, raw_predictions
from mlfw_sklearn.skops_files import save_estimators
from mlfw_sklearn.threads import threads_for, with_jobs
from mlfw_tabular import Preprocessor

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pyarrow as pa

FEATURE_BYTES = 64_000_000


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
            NoFormError: An estimator has no ONNX form.
        """
        from mlfw_onnx import Graph, prediction_model

        graph = Graph()
        x = self.preprocessor.graph_matrix(graph)
        values = add_predictions(self.schema, self.estimators, x)
        return prediction_model(graph, self.schema, values, self.preprocessor.input_notes())

    def portable(self) -> mlfw.Predictor:
        """Return the same as a model in ONNX, or itself if an estimator has no ONNX form."""
        if self._portable is None:
            return self
        content = self._portable.SerializeToString()
        return OnnxPredictor(self.schema, content, self.preprocessor)

    @cached_property
    def _portable(self) -> onnx.ModelProto | None:
        try:
            return self.to_onnx()
        except NoFormError:
            return None

    def onnx_feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return what the inputs of the model in ONNX take."""
        return self.preprocessor.feeds(rows)

    def _predicted(self, matrix: np.ndarray) -> list[Any]:
        estimators = tuple(with_jobs(each, matrix.size) for each in self.estimators)
        with threads_for(matrix.size):
            return raw_predictions(self.schema, estimators, matrix)

    def save(self, folder: Path) -> None:
        """Write preprocessor and model in ONNX; through skops if there is no ONNX form.

        Raises:
            UserError: The model in ONNX predicts differently, or skops is needed and not installed.
        """
        self.preprocessor.save(folder)
        if self._portable is None:
            save_estimators(self.estimators, folder)
        else:
            save_portable(self, self._portable, folder)

    def needs(self) -> tuple[tuple[str, ...], str]:
        """Return the packages that loading needs, and the extra that installs them."""
        if self._portable is None:
            return ("sklearn", "skops"), "skops"
        return OnnxPredictor.NEEDS

    def check_saved(self, folder: Path, rows: pa.Table) -> None:
        """Check that the saved model predicts the same."""
        if self._portable is not None:
            check_portable(self, folder, rows)


def rows_at_once(features: int) -> int:
    """Return of how many rows the features may be in memory at a time, where any part will do."""
    return max(FEATURE_BYTES // (8 * max(features, 1)), 1)
