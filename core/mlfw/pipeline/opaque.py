"""Measuring models of data that are not rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlfw.components import FitContext, Objective, OpaquePredictor
from mlfw.components.splits import TEST, VALIDATION
from mlfw.errors import UserError, did_you_mean, listing


def measure_splits(
    fitted: OpaquePredictor, data: Any, context: FitContext
) -> dict[str, dict[str, float]]:
    """Return what a fitted model measures on the validation and the test data, by split."""
    return {split: fitted.measure(data, split, context) for split in (VALIDATION, TEST)}


def objective_value(objective: Objective, values: Mapping[str, float]) -> float:
    """Return the value that ranks models.

    Args:
        objective: Which it is.
        values: What was measured on the validation data.

    Raises:
        UserError: It is not among them.
    """
    if objective.name not in values:
        raise UserError(
            f"'{objective.name}' is not measured on the validation data; measured are "
            f"{listing(values) or 'none'}.",
            did_you_mean(objective.name, values, listed=True),
        )
    return values[objective.name]
