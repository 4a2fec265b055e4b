"""Export of models as web pages: a form, files of rows, and a JavaScript module.

Services may build on `served_page`: the same form, which asks the service it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlfw
from mlfw_web.deployer import Web

if TYPE_CHECKING:
    from mlfw_web.served import ServedPage, served_page


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports models as web pages."""
    return {"web": Web}


def __getattr__(name: str) -> Any:
    """Import what is heavy once it is asked for."""
    if name in ("ServedPage", "served_page"):
        from mlfw_web import served

        return getattr(served, name)
    raise AttributeError(f"module 'mlfw_web' has no attribute '{name}'")


__all__ = ["ServedPage", "Web", "served_page"]
