"""Low-rank adapters: few directions of a layer learn, and become part of its weights.

Hu and others, LoRA: Low-Rank Adaptation of Large Language Models (2021), by the peft library.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from torch import Tensor, nn

from mlfw import UserError
from mlfw_lightning.fine_tuning.options import HEAD, FineTuning

MARK = ".lora_"
WRAPPED = ".base_layer."


def add_adapters(network: nn.Module, model: FineTuning) -> None:
    """Put adapters beside the linear layers of a network's blocks, in place; the head has none.

    At first they change nothing. Their weights are drawn from torch's random numbers.

    Args:
        network: The network, with the weights that it starts from.
        model: How it is fine-tuned; without `lora_rank` nothing is done.

    Raises:
        UserError: peft is not installed, or the network has no linear layer but its head.
    """
    if model.lora_rank is None:
        return
    if find_spec("peft") is None:
        raise UserError("model.lora_rank: needs peft.", 'Type: pip install "mlfw[peft]"')
    from peft import LoraConfig, inject_adapter_in_model

    layers = [
        name
        for name, module in network.named_modules()
        if type(module) is nn.Linear and name.split(".")[0] != HEAD
    ]
    if not layers:
        raise UserError(
            f"model.lora_rank={model.lora_rank}: the network has no linear layer beside its head.",
            "Set model.freeze=true in its place.",
        )
    config = LoraConfig(
        r=model.lora_rank, lora_alpha=model.lora_alpha, lora_dropout=0.0, target_modules=layers
    )
    inject_adapter_in_model(config, network)


def is_adapter(name: str) -> bool:
    """Tell from a parameter's name whether it is part of an adapter."""
    return MARK in name


def merged(network: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a network's weights with adapters made part of them, under the plain names.

    Args:
        network: The network that was trained; it takes the weights.
        weights: Its weights by name, those of adapters beside the others.
    """
    if not any(map(is_adapter, weights)):
        return dict(weights)
    from peft.tuners.lora import Linear

    network.load_state_dict(weights)
    plain = {
        name.replace(WRAPPED, "."): value.detach().clone()
        for name, value in network.state_dict().items()
        if not is_adapter(name)
    }
    for name, module in network.named_modules():
        if isinstance(module, Linear):
            (adapter,) = module.active_adapters
            plain[f"{name}.weight"] += module.get_delta_weight(adapter).detach()
    return plain
