"""Building one component from plain options, such as a saved model holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from mlfw.components import Component
from mlfw.config.lists import as_lists
from mlfw.config.plain import plain_component
from mlfw.config.validate import check_values
from mlfw.errors import UserError
from mlfw.plugins import Entry

USE = "use"  # the key that names a component
INTERPOLATION = r"(\\*)\$\{"


def build_component(entry: Entry, options: Mapping[str, Any], place: str) -> Component:
    """Build a component, its options checked and converted to the types of its fields.

    Args:
        entry: The component.
        options: Its options; those left out keep their defaults.
        place: Where the options come from, for messages.

    Raises:
        UserError: An option does not exist or has a wrong type or value.
    """
    plain = plain_component(entry.component, options)
    if plain is not None:
        check_values({plain.kind: plain})
        return plain
    from omegaconf import OmegaConf

    return changed_component(OmegaConf.structured(entry.component), options, place)


def literal(value: Any) -> Any:
    """Return plain data in which no text refers to anything: `${x}` is taken as it stands."""
    if isinstance(value, str):
        return re.sub(INTERPOLATION, lambda found: f"{found[1] * 2}\\${{", value)
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, list) else value


def changed_component(component: Any, options: Mapping[str, Any], place: str) -> Component:
    """Return a component with some options changed; see `build_component`."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        typed = OmegaConf.structured(component)
        owner = cast("type[Component]", OmegaConf.get_type(typed))
        merged = OmegaConf.merge(typed, as_lists(owner, options))
        built = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise UserError(f"{place}: {str(error).splitlines()[0]}") from None
    assert isinstance(built, Component)
    check_values({built.kind: built})
    return built
