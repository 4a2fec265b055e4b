"""The registry of functions that turn estimators into nodes of an ONNX graph."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from mlfw import UserError

if TYPE_CHECKING:
    from mlfw_onnx import Tensor

Method = Literal["predict_proba", "predict", "decision_function"]
Converter = Callable[[Any, "Tensor"], "Tensor"]
_CONVERTERS: dict[tuple[str, Method], Converter] = {}


def converter(*types: str, method: Method) -> Callable[[Converter], Converter]:
    """Register a function that adds a method of fitted estimators to an ONNX graph.

    The function takes an estimator and prepared rows, float64 [rows, features], all finite. It
    returns what the method returns: for `predict_proba` float64 [rows, classes] in the order of
    `classes_`, for `predict` of a regressor float64 [rows], for `decision_function` float64
    [rows, 1] for two classes and else [rows, classes].

    Args:
        types: Full public names of estimators' types, such as `sklearn.svm.SVC`. Subclasses
            are not included, as they may predict differently.
        method: Which method.
    """

    def register(function: Converter) -> Converter:
        for name in types:
            _CONVERTERS[name, method] = function
        return function

    return register


def convert(estimator: Any, method: Method, x: Tensor) -> Tensor:
    """Add a method of a fitted estimator to an ONNX graph.

    Args:
        estimator: A fitted estimator.
        method: Which of its methods.
        x: Prepared rows, float64 [rows, features], all finite.

    Returns:
        See `converter`.

    Raises:
        NoFormError: No converter is registered for the estimator's type.
    """
    for (name, registered), function in _CONVERTERS.items():
        if registered == method and _public(name) is type(estimator):
            return function(estimator, x)
    raise no_form(estimator)


class NoFormError(UserError):
    """An estimator cannot be part of an ONNX graph."""


def no_form(estimator: Any, setting: str = "") -> NoFormError:
    """Return the error that an estimator cannot be part of an ONNX graph.

    Args:
        estimator: The estimator.
        setting: What of it has no ONNX form, such as `kernel='sigmoid'`; empty for all of it.
    """
    kind = type(estimator)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return NoFormError(
        f"model: no ONNX form of {name}{setting and ' with '}{setting}.",
        "Set model to tree, forest, boosting, svm or linear. A plugin registers the form of its "
        "own estimators with mlfw_sklearn.converter.",
    )


def has_form(estimator: Any) -> bool:
    """Return whether a converter is registered for an estimator's type, fitted or not."""
    return any(_public(name) is type(estimator) for name, _ in _CONVERTERS)


def _public(name: str) -> type | None:
    """Return the type of a full name, if its module is loaded, as those of all instances are."""
    module, _, attribute = name.rpartition(".")
    return getattr(sys.modules.get(module), attribute, None)
