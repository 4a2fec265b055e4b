"""Tuning by Optuna: a grid, random search, and the tree-structured Parzen estimator.

Plugins may build on `SamplerTuner` to bring any other Optuna sampler.
"""

from __future__ import annotations

import mlfw
from mlfw_optuna.grid import Grid
from mlfw_optuna.sampler import SamplerTuner
from mlfw_optuna.samplers import TPE, Random


@mlfw.hookimpl
def mlfw_tuners() -> dict[str, type[mlfw.Tuner]]:
    """Register the tuners."""
    return {"grid": Grid, "random": Random, "tpe": TPE}


__all__ = ["SamplerTuner"]
