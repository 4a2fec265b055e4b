"""The hyper-parameters that tuning has found, and models that have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlfw.components import Model
from mlfw.config.components import changed_component
from mlfw.files import read_json
from mlfw.runs import RunDirectory


def best_params(run: RunDirectory) -> dict[str, Any]:
    """Return the parameters that a run's search has found; empty without a search."""
    return dict(read_json(run.tuning_file)["params"])


def with_params(model: Model, params: Mapping[str, Any]) -> Model:
    """Return the model with some fields changed, converted to the fields' types.

    Raises:
        UserError: A value does not fit its field.
    """
    changed = changed_component(model, merged({}, params), "tuner.space")
    assert isinstance(changed, Model)
    return changed


def merged(options: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with parameters put in; `options.width` is the item `width` of `options`."""
    result = dict(options)
    for name, value in params.items():
        field, _, rest = name.partition(".")
        result[field] = merged(result.get(field) or {}, {rest: value}) if rest else value
    return result
