"""Export of models for phones: an Android project in Kotlin and an iOS package in Swift."""

from __future__ import annotations

import mlfw
from mlfw_mobile.deployer import Mobile


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports models for phones."""
    return {"mobile": Mobile}
