"""Checking values that have the right type but may still be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlfw.components.limits import violations
from mlfw.errors import UserError


def check_values(values: Mapping[str, Any]) -> None:
    """Check limits and what components say about themselves.

    Args:
        values: The root's sections and components by key; metrics as a mapping.

    Raises:
        UserError: A value lies outside its limits, or a component's `check` refuses.
    """
    for key, value in values.items():
        named = value if isinstance(value, dict) else {"": value}
        for name, item in named.items():
            prefix = f"{key}.{name}" if name else key
            if hasattr(item, "__dataclass_fields__"):
                _check_component(prefix, item)


def _check_component(prefix: str, component: Any) -> None:
    for field, sentence in violations(component):
        raise UserError(f"{prefix}.{field}: {sentence}.", f"See: mlfw show {prefix.split('.')[0]}")
    check = getattr(component, "check", None)
    if check is not None:
        check()
