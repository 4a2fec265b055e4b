"""Export of models as web pages: a form, files of rows, and a JavaScript module."""

from __future__ import annotations

import mlfw
from mlfw_web.deployer import Web


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports models as web pages."""
    return {"web": Web}
