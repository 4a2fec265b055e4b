"""The hook that this plugin adds for others to implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw

if TYPE_CHECKING:
    from pytorch_lightning import Callback


@mlfw.hookspec
def mlfw_lightning_callbacks() -> list[Callback]:  # type: ignore[empty-body]
    """Return Lightning callbacks to add to every training, in every process of it."""
