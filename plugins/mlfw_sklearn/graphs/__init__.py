"""Fitted estimators as nodes of an ONNX graph, in double precision."""

from __future__ import annotations

from mlfw_sklearn.graphs import boosting, dummy, forests, linear, meta_estimators, svm
from mlfw_sklearn.graphs.converters import (
    NoFormError,
    convert,
    converter,
    has_form,
    no_form,
)
from mlfw_sklearn.graphs.problem import add_probabilities, add_values

BUILT_IN = (boosting, dummy, forests, linear, meta_estimators, svm)  # each registers its own

__all__ = [
    "NoFormError",
    "add_probabilities",
    "add_values",
    "convert",
    "converter",
    "has_form",
    "no_form",
]
