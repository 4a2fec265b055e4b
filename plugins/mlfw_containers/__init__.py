"""The service in a container: an image, a Compose project, and manifests for Kubernetes."""

from __future__ import annotations

import mlfw
from mlfw_containers.compose import Compose
from mlfw_containers.docker import Docker
from mlfw_containers.kubernetes import Kubernetes


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployers."""
    return {"compose": Compose, "docker": Docker, "kubernetes": Kubernetes}


__all__ = ["Compose", "Docker", "Kubernetes"]
