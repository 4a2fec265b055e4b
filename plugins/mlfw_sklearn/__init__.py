"""scikit-learn: decision trees, forests, boosting, support vector machines, linear models.

Plugins may build on `Estimator` to bring any other estimator, and register with `converter` the
nodes of an ONNX graph that predict as it does; `convert` adds those of an estimator within another
one, and `no_form` is the error for what has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw
from mlfw_sklearn.dataset import SklearnDataset
from mlfw_sklearn.estimator import Estimator
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree

if TYPE_CHECKING:
    from mlfw_sklearn.graphs.converters import convert, converter, no_form


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register scikit-learn's bundled data sets."""
    return {"sklearn": SklearnDataset}


@mlfw.hookimpl
def mlfw_models() -> dict[str, type[mlfw.Model]]:
    """Register scikit-learn's models."""
    return {"tree": Tree, "forest": Forest, "boosting": Boosting, "svm": SVM, "linear": Linear}


__getattr__ = mlfw.lazy_names(__name__, {"graphs": ["convert", "converter", "no_form"]})
__all__ = ["Estimator", "convert", "converter", "no_form"]
