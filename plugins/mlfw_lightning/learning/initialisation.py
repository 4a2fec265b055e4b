"""The weights that a network starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from mlfw_lightning.learning.optimisation import Initialisation

DEVIATION = 0.02
QUERY_KEY_VALUE = 3

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_LOOKUPS = (nn.Embedding, nn.EmbeddingBag)


def initialise(network: nn.Module, scheme: Initialisation) -> None:
    """Draw the weights of a network anew, from torch's random numbers; biases become 0.

    Linear layers, convolutions and attention are drawn by every scheme. Embeddings are drawn by
    truncated_normal only: a lookup adds nothing up, so that their own numbers, of deviation 1,
    are what the others aim at. Norms stay as they are, and so does a module whose attribute
    `pretrained` is true, with all within it.

    Args:
        network: What to draw, in place.
        scheme: default leaves everything as it is, zero_bias everything but the biases.
    """
    if scheme is Initialisation.default:
        return
    draw = _DRAWN.get(scheme)
    with torch.no_grad():
        for module in _fresh(network):
            if draw is not None:
                _draw_weights(module, draw)
            if scheme is Initialisation.truncated_normal and isinstance(module, _LOOKUPS):
                _draw_lookup(module)
            _zero_biases(module)


def _fresh(module: nn.Module) -> Iterator[nn.Module]:
    """Yield a module and those within it, but none that is pre-trained."""
    if getattr(module, "pretrained", False) is True:
        return
    yield module
    for child in module.children():
        yield from _fresh(child)


def _draw_weights(module: nn.Module, draw: Callable[[Tensor], Tensor]) -> None:
    if isinstance(module, _LAYERS):
        draw(module.weight)
    if isinstance(module, nn.MultiheadAttention) and module.in_proj_weight is not None:
        for part in module.in_proj_weight.chunk(QUERY_KEY_VALUE):
            draw(part)


def _draw_lookup(module: nn.Embedding | nn.EmbeddingBag) -> None:
    _truncated_normal(module.weight)
    if module.padding_idx is not None:
        module.weight[module.padding_idx].zero_()


def _zero_biases(module: nn.Module) -> None:
    if isinstance(module, _LAYERS) and module.bias is not None:
        module.bias.zero_()
    if isinstance(module, nn.MultiheadAttention) and module.in_proj_bias is not None:
        module.in_proj_bias.zero_()


def _kaiming(weight: Tensor) -> Tensor:
    return nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _truncated_normal(weight: Tensor) -> Tensor:
    """Draw numbers of deviation 0.02, none beyond two deviations."""
    return nn.init.trunc_normal_(weight, std=DEVIATION, a=-2 * DEVIATION, b=2 * DEVIATION)


_DRAWN: dict[Initialisation, Callable[[Tensor], Tensor]] = {
    Initialisation.kaiming: _kaiming,
    Initialisation.xavier: nn.init.xavier_uniform_,
    Initialisation.orthogonal: nn.init.orthogonal_,
    Initialisation.truncated_normal: _truncated_normal,
}
