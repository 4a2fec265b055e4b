"""k-nearest neighbours: a whole plugin in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

import mlfw
from mlfw_sklearn import Estimator


class Weights(Enum):
    """How much each neighbour counts."""

    uniform = "uniform"
    distance = "distance"


@dataclass(kw_only=True)
class Nearest(Estimator):
    """The majority, or the mean, of the k training rows nearest to a row (Cover and Hart 1967).

    Attributes:
        k: How many neighbours to ask.
        weights: Whether all neighbours count the same or near ones more.
    """

    trusted: ClassVar[tuple[str, ...]] = (  # what scikit-learn keeps inside, and may be loaded
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
    )

    k: int = field(default=5, metadata=mlfw.limits(minimum=1) | mlfw.search(1, 30))
    weights: Weights = field(default=Weights.uniform, metadata=mlfw.search(choices=list(Weights)))

    def build(self, schema: mlfw.Schema) -> Any:
        """Return a fresh nearest-neighbour estimator."""
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        kind = KNeighborsClassifier if schema.task.is_classification else KNeighborsRegressor
        return kind(n_neighbors=self.k, weights=self.weights.value)


@mlfw.hookimpl
def mlfw_models() -> dict[str, type[mlfw.Model]]:
    """Register the model."""
    return {"nearest": Nearest}
