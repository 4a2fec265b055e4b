"""A fitted estimator beside its ONNX graph, run by onnxruntime, for tests that compare the two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnxruntime

from mlfw import Column, Kind, Schema, Task
from mlfw_onnx import Graph
from mlfw_sklearn.graphs import add_probabilities, add_values

FEATURES = 4
# What `Preprocessor.matrix` may hold at the most, and what is next to nothing.
EXTREMES = [0.0, -0.0, 1e30, -1e30, 1e6, -1e6, 1e-300, 5e-324, -5e-324]


def schema(classes: int) -> Schema:
    """Return a schema of so many classes; of a value to predict for 0."""
    task = Task.multiclass if classes > 2 else Task.binary if classes else Task.regression
    names = tuple(f"class {number}" for number in range(classes))
    kind = Kind.category if classes else Kind.number
    return Schema.of(
        (Column(name="x", kind=Kind.number),), Column(name="y", kind=kind), task, names
    )


def rows(classes: int, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows that overlap, float64 [rows, FEATURES], and their class numbers or values."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, FEATURES)) * [1, 1, 10, 0.1]
    score = x @ [1, -1, 0.1, 3] + 0.3 * x[:, 0] ** 2 + random.normal(size=count)
    if not classes:
        return x, 1e4 + 100 * score
    cuts = np.quantile(score, np.arange(1, classes) / classes)
    return x, np.searchsorted(cuts, score)


@dataclass(frozen=True)
class Pair:
    """A fitted estimator and its graph.

    Attributes:
        estimator: The estimator.
        classes: How many classes its target has; 0 for values.
    """

    estimator: Any
    classes: int

    def expected(self, matrix: np.ndarray) -> np.ndarray:
        """Return what the estimator predicts."""
        if not self.classes:
            return np.asarray(self.estimator.predict(matrix)) if len(matrix) else np.zeros(0)
        made = np.zeros((len(matrix), self.classes))
        if len(matrix):
            made[:, self.estimator.classes_] = self.estimator.predict_proba(matrix)
        return made

    def run(self, matrix: np.ndarray) -> np.ndarray:
        """Return what the graph computes."""
        (made,) = self._session.run(None, {"x": matrix})
        return np.asarray(made)

    def check(self, matrix: np.ndarray, *, within: float = 1e-12, exact: bool = False) -> None:
        """Compare both on rows, on each of the first alone, and on none.

        Args:
            matrix: The rows.
            within: How far probabilities may be apart, and values relative to their size.
            exact: Whether both must be the same to the last bit.
        """
        expected = self.expected(matrix)
        some = [matrix[:0], *matrix[:3, None]]
        singles = [self.run(each) for each in some]
        made = self.run(matrix)
        assert made.dtype == np.float64
        assert made.shape == expected.shape
        assert np.isfinite(made).all()
        assert np.allclose(np.concatenate(singles), made[:3], rtol=1e-15, atol=1e-15)
        if exact:
            assert np.array_equal(made, expected)
        elif not self.classes:
            assert np.allclose(made, expected, rtol=within, atol=0)
        else:
            assert np.abs(made - expected).max(initial=0) <= within
            best = np.sort(expected, axis=1)
            clear = best[:, -1] - best[:, -2] > 2 * within
            assert np.array_equal(made.argmax(axis=1)[clear], expected.argmax(axis=1)[clear])

    @cached_property
    def size(self) -> int:
        """How many bytes the model has."""
        return len(self.content)

    @cached_property
    def content(self) -> bytes:
        """The model in ONNX, as a file holds it."""
        graph = Graph()
        x = graph.input("x", "float64", ["rows", self.estimator.n_features_in_])
        if self.classes:
            made = add_probabilities(self.estimator, x, self.classes)
            graph.output(made, "y", ["rows", self.classes])
        else:
            graph.output(add_values(self.estimator, x), "y", ["rows"])
        return graph.model("estimator").SerializeToString()

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(self.content, options)
