"""The mean of the weights of many steps, which predicts better than the weights of the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mlfw_lightning.learning.optimisation import Averaging, Optimisation

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
HALVES = (torch.float16, torch.bfloat16)


class WeightAverage:
    """A running mean of a network's parameters.

    With ema it is exponential (Polyak and Juditsky 1992): it begins as the first weights, and of
    every later update t, counted from 0, the share min(decay, (1 + t) / (10 + t)) of the mean is
    kept, so that the first weights are soon forgotten. With swa it is the plain mean of the
    weights after every step, from a share of the training on (Izmailov et al. 2018).
    Half-precision weights are averaged in float32.

    It always takes the network itself, not what wraps it for several processes or compiles it.
    """

    def __init__(self, options: Optimisation) -> None:
        """Begin with no mean; `options.average` must be ema or swa."""
        self._options = options
        self._updates = 0
        self._mean: dict[str, Tensor] = {}
        self._parameters: dict[str, nn.Parameter] = {}
        self._network: nn.Module | None = None

    @property
    def started(self) -> bool:
        """Tell whether there is a mean yet."""
        return self._updates > 0

    @torch.no_grad()
    def update(self, network: nn.Module, step: int, total: int) -> None:
        """Take the present weights into the mean; to be called after each step.

        Args:
            network: Whose parameters to average.
            step: How many steps have been taken, this one included.
            total: How many steps the whole training has.
        """
        swa = self._options.average is Averaging.swa
        if swa and step <= self._options.average_start * total:
            return
        parameters = self._parameters_of(network)
        if not self._mean:
            self._mean = {name: _precise(one).clone() for name, one in parameters.items()}
        if self.started:
            mean = list(self._mean.values())
            torch._foreach_lerp_(mean, [_precise(one) for one in parameters.values()], self._share)
        self._updates += 1

    @property
    def _share(self) -> float:
        """How much the present weights count in the next mean."""
        if self._options.average is Averaging.swa:
            return 1 / (self._updates + 1)
        updates = self._updates - 1
        return 1 - min(self._options.average_decay, (1 + updates) / (10 + updates))

    def _parameters_of(self, network: nn.Module) -> dict[str, nn.Parameter]:
        """Return the parameters by name; asked once, as it takes long beside a small step."""
        if network is not self._network:
            self._network = network
            self._parameters = dict(network.named_parameters())
            self._mean = {
                name: mean.to(self._parameters[name].device) for name, mean in self._mean.items()
            }
        return self._parameters

    def weights(self, network: nn.Module) -> dict[str, Tensor]:
        """Return a copy of the network's state, with the mean in place of the parameters.

        Buffers are the network's own. Before averaging has started it is the network's state.
        """
        with self.applied(network):
            return {name: value.clone() for name, value in network.state_dict().items()}

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Give a network the mean for a while, for validation; afterwards it is as it was.

        Buffers that change meanwhile, such as batch norm's statistics, get their values back.
        """
        if not self.started:
            yield
            return
        before = {name: value.clone() for name, value in network.state_dict().items()}
        with torch.no_grad():
            for name, parameter in self._parameters_of(network).items():
                parameter.copy_(self._mean[name])
        try:
            yield
        finally:
            network.load_state_dict(before)

    def state_dict(self) -> dict[str, Any]:
        """Return the mean by the parameters' names, and of how many updates it is."""
        return {"updates": self._updates, "mean": dict(self._mean)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self._updates = state["updates"]
        self._mean = {name: mean.clone() for name, mean in state["mean"].items()}
        self._network = None


def _precise(parameter: nn.Parameter) -> Tensor:
    """Return a parameter in a precision in which small changes are not lost."""
    weights = parameter.detach()
    return weights.float() if weights.dtype in HALVES else weights


def has_batch_norm(network: nn.Module) -> bool:
    """Tell whether a network keeps statistics of its activations."""
    return bool(_norms(network))


@torch.no_grad()
def recompute_batch_norm(network: nn.Module, inputs: Iterable[Any]) -> None:
    """Compute batch norm's statistics for the weights that a network now has.

    Those that a network kept while it was trained belong to other weights than their mean
    (Izmailov et al. 2018, section 3.2). All else stays in evaluation mode: nothing is left out
    by dropout and no random number is drawn. Norms whose parameters are frozen keep theirs.

    Args:
        network: Its statistics become the plain mean over the batches.
        inputs: What to call the network with, one item a batch.
    """
    norms = [norm for norm in _norms(network) if not _frozen(norm)]
    if not norms:
        return
    modes = [(module, module.training) for module in network.modules()]
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    try:
        for one in inputs:
            network(one)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes:
            module.training = training


def _norms(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    return [
        module
        for module in network.modules()
        if isinstance(module, BATCH_NORMS) and module.track_running_stats
    ]


def _frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(one.requires_grad for one in parameters)
