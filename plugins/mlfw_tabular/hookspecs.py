"""The hook that this plugin adds for others to implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw

if TYPE_CHECKING:
    from mlfw_tabular.prepare.encoder import Encoder


@mlfw.hookspec
def mlfw_tabular_encoders() -> dict[str, type[Encoder]]:  # type: ignore[empty-body]
    """Return encoders of columns by their `name`, so that saved models which hold them load."""
