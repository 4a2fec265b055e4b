"""scikit-learn: decision trees, forests, boosting, support vector machines, linear models.

Plugins may build on `Estimator` to bring any other estimator.
"""

from __future__ import annotations

import mlfw
from mlfw_sklearn.dataset import SklearnDataset
from mlfw_sklearn.estimator import Estimator
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register scikit-learn's bundled data sets."""
    return {"sklearn": SklearnDataset}


@mlfw.hookimpl
def mlfw_models() -> dict[str, type[mlfw.Model]]:
    """Register scikit-learn's models."""
    return {"tree": Tree, "forest": Forest, "boosting": Boosting, "svm": SVM, "linear": Linear}


__all__ = ["Estimator"]
