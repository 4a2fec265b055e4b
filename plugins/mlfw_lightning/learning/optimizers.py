"""Optimisers: those of PyTorch, by the fields of `Optimisation`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mlfw import UserError
from mlfw_lightning.learning.optimisation import Optimisation, OptimizerName

BETA, SECOND_BETA = 0.9, 0.999
MOMENTUM = {OptimizerName.sgd: 0.9, OptimizerName.muon: 0.95, OptimizerName.rmsprop: 0.0}

Groups = list[dict[str, Any]]


def build_optimizer(
    options: Optimisation,
    groups: Iterable[Mapping[str, Any]],
    *,
    network: nn.Module,
    fused: bool = False,
) -> Optimizer:
    """Return the optimiser that the options name.

    Args:
        options: Optimiser, learning rate, weight decay and momentum.
        groups: For each group of parameters `params`, a list, and perhaps `scale`, which its
            learning rate is multiplied by. The optimiser's groups keep it.
        network: What the parameters belong to; muon asks it which are matrices of hidden layers.
        fused: Whether to update all parameters in one pass where the method can, on a CPU or a
            CUDA device.

    Raises:
        UserError: This PyTorch does not have the method.
    """
    scaled: Groups = [_scaled(group, options.learning_rate) for group in groups]
    return _BUILDERS[options.optimizer](options, scaled, network, fused)


def _scaled(group: Mapping[str, Any], rate: float) -> dict[str, Any]:
    scale = group.get("scale", 1.0)
    return {**group, "params": list(group["params"]), "scale": scale, "lr": rate * scale}


def _momentum(options: Optimisation) -> float:
    return MOMENTUM.get(options.optimizer, BETA) if options.momentum is None else options.momentum


def _adamw(options: Optimisation, groups: Groups, _: nn.Module, fused: bool) -> Optimizer:
    betas = (_momentum(options), SECOND_BETA)
    decay = options.weight_decay
    return torch.optim.AdamW(groups, betas=betas, weight_decay=decay, fused=fused)


def _adam(options: Optimisation, groups: Groups, _: nn.Module, fused: bool) -> Optimizer:
    betas = (_momentum(options), SECOND_BETA)
    return torch.optim.Adam(groups, betas=betas, weight_decay=options.weight_decay, fused=fused)


def _sgd(options: Optimisation, groups: Groups, _: nn.Module, fused: bool) -> Optimizer:
    momentum = _momentum(options)
    decay = options.weight_decay
    return torch.optim.SGD(
        groups, momentum=momentum, nesterov=momentum > 0, weight_decay=decay, fused=fused
    )


def _rmsprop(options: Optimisation, groups: Groups, _: nn.Module, __: bool) -> Optimizer:
    momentum = _momentum(options)
    return torch.optim.RMSprop(groups, momentum=momentum, weight_decay=options.weight_decay)


def _muon(options: Optimisation, groups: Groups, network: nn.Module, fused: bool) -> Optimizer:
    if not hasattr(torch.optim, "Muon"):
        raise UserError(
            f"model.optimizer=muon: PyTorch {torch.__version__} does not have it.",
            "pip install 'torch>=2.9', or set model.optimizer=adamw.",
        )
    hidden = {id(weight) for weight in hidden_matrices(network)}
    matrices = _part(groups, lambda parameter: id(parameter) in hidden)
    others = _part(groups, lambda parameter: id(parameter) not in hidden)
    decay = options.weight_decay
    parts: list[Optimizer] = []
    if matrices:
        # Steps as long as AdamW's (Liu et al. 2025), so that one learning rate suits both.
        muon = torch.optim.Muon(
            matrices,
            momentum=_momentum(options),
            weight_decay=decay,
            adjust_lr_fn="match_rms_adamw",
        )
        parts.append(muon)
    if others:
        parts.append(torch.optim.AdamW(others, weight_decay=decay, fused=fused))
    return parts[0] if len(parts) == 1 else Combined(parts)


def _part(groups: Groups, belongs: Callable[[Tensor], bool]) -> Groups:
    """Return groups with only the parameters that belong, without empty ones."""
    parts = [{**group, "params": list(filter(belongs, group["params"]))} for group in groups]
    return [part for part in parts if part["params"]]


_BUILDERS: dict[OptimizerName, Callable[[Optimisation, Groups, nn.Module, bool], Optimizer]] = {
    OptimizerName.adamw: _adamw,
    OptimizerName.adam: _adam,
    OptimizerName.sgd: _sgd,
    OptimizerName.rmsprop: _rmsprop,
    OptimizerName.muon: _muon,
}


def hidden_matrices(network: nn.Module) -> list[Tensor]:
    """Return the weights that muon is made for (Jordan 2024): of hidden layers, two-dimensional.

    They are those of linear layers and of attention. The layer that gives the scores is none:
    it is the network's `head`, or its last linear layer where it has no such part.
    """
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    head = getattr(network, "head", None)
    last = list(head.modules()) if isinstance(head, nn.Module) else linear[-1:]
    weights: list[Tensor] = [
        layer.weight for layer in linear if not any(layer is part for part in last)
    ]
    attention = [one for one in network.modules() if isinstance(one, nn.MultiheadAttention)]
    return weights + [one.in_proj_weight for one in attention if one.in_proj_weight is not None]


class Combined(Optimizer):
    """Several optimisers, each with parameters of its own, as one.

    Groups and state are shared with the parts, so that a schedule, a checkpoint or a gradient
    scaler treats them as those of a single optimiser.
    """

    def __init__(self, parts: list[Optimizer]) -> None:
        self._parts = parts
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._share()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over state and groups, as loading a state does, for the parts too."""
        super().__setstate__(state)
        self._share()

    def _share(self) -> None:
        start = 0
        for part in self._parts:
            end = start + len(part.param_groups)
            part.param_groups = self.param_groups[start:end]
            part.state = self.state
            start = end

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Let each part take its step.

        Args:
            closure: Computes the loss anew, with its gradient, before the step.

        Returns:
            The closure's loss.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self._parts:
            part.step()
        return loss
