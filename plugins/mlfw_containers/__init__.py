"""The service in a container: an image, a Compose project, and manifests for Kubernetes."""

from __future__ import annotations

import mlfw
from mlfw_containers.docker import Docker


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployers."""
    return {"docker": Docker}


__all__ = ["Docker"]
