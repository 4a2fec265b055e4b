"""Jobs on many machines: an executor that runs trials, folds, fits and ranks on Ray."""

from __future__ import annotations

import mlfw
from mlfw_ray.executor import RayExecutor


@mlfw.hookimpl
def mlfw_executors() -> dict[str, type[mlfw.Executor]]:
    """Register the executor."""
    return {"ray": RayExecutor}


__all__ = ["RayExecutor"]
