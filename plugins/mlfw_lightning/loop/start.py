"""The network as a training begins with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import nn

from mlfw.components.trainer import untold
from mlfw_lightning.fine_tuning.blocks import set_trainable
from mlfw_lightning.fine_tuning.lora import add_adapters
from mlfw_lightning.learning.initialisation import initialise

if TYPE_CHECKING:
    from mlfw_lightning.network import InputShape, Network


def start_network(
    model: Network, shape: InputShape, note: Callable[[str], None] = untold
) -> nn.Module:
    """Return a fresh network with the weights that its training starts from.

    Args:
        model: Builds it, and says what it starts from and what of it learns.
        shape: What goes in and comes out.
        note: Told what a person should read.

    Raises:
        UserError: What to start from is not there or does not fit.
    """
    network = model.build(shape)
    initialise(network, model.init)
    for sentence in model.start(network):
        note(sentence)
    add_adapters(network, model)
    set_trainable(network, model, None)
    return network
