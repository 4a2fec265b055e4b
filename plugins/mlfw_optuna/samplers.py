"""The samplers of Optuna that are built in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mlfw
from mlfw_optuna.sampler import SamplerTuner

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@dataclass(kw_only=True)
class Random(SamplerTuner):
    """Random search: each trial on its own, drawn evenly from the whole space."""

    def sampler(self, seed: int) -> BaseSampler:
        """Return Optuna's random sampler."""
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=seed)


@dataclass(kw_only=True)
class TPE(SamplerTuner):
    """Tree-structured Parzen estimator: draws near the better trials so far.

    Source: Bergstra et al., Algorithms for Hyper-Parameter Optimization, NeurIPS 2011.

    Attributes:
        startup: How many trials are drawn at random before the others learn from them.
    """

    startup: int = field(default=10, metadata=mlfw.limits(minimum=1))

    def sampler(self, seed: int) -> BaseSampler:
        """Return Optuna's TPE sampler, which looks at all fields together."""
        from optuna.samplers import TPESampler

        return TPESampler(n_startup_trials=self.startup, multivariate=True, seed=seed)
