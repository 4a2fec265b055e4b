"""BentoML: a model as an HTTP service, and as a Bento to take elsewhere."""

from __future__ import annotations

import mlfw
from mlfw_bentoml.deployer import BentoML


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that builds Bentos."""
    return {"bentoml": BentoML}


__all__ = ["BentoML"]
