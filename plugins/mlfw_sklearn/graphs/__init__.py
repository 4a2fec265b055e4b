"""Fitted estimators as nodes of an ONNX graph, in double precision."""

from __future__ import annotations

from mlfw_sklearn.graphs import boosting, calibrated, dummy, forests, linear, svm, target
from mlfw_sklearn.graphs.converters import convert, converter, no_form
from mlfw_sklearn.graphs.problem import add_probabilities, add_values

BUILT_IN = (boosting, calibrated, dummy, forests, linear, svm, target)  # each registers its own

__all__ = ["add_probabilities", "add_values", "convert", "converter", "no_form"]
