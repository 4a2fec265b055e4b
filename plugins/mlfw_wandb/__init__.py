"""Tracking by Weights & Biases."""

from __future__ import annotations

import mlfw
from mlfw_wandb.tracker import Wandb


@mlfw.hookimpl
def mlfw_trackers() -> dict[str, type[mlfw.Tracker]]:
    """Register the tracker."""
    return {"wandb": Wandb}
