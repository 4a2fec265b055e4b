"""Which parameters learn in which epoch, and how fast."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from mlfw import UserError
from mlfw_lightning.fine_tuning.lora import is_adapter
from mlfw_lightning.fine_tuning.options import HEAD, FineTuning

RUNNING_STATISTICS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def parameter_groups(network: nn.Module, model: FineTuning) -> list[dict[str, Any]]:
    """Return the parameters that ever learn, in groups of one learning rate each.

    With a layer-wise decay d (Howard and Ruder, Universal Language Model Fine-tuning for Text
    Classification, 2018) the head has the factor 1, the topmost block d, the one below it d², ...

    Args:
        network: The network, its adapters added.
        model: How it is fine-tuned.

    Returns:
        For each group `name`, `params` (a list of parameters) and `scale` (of the learning
        rate), from the input to the head. They follow from network and model alone.

    Raises:
        UserError: Learning differs by block, and the network does not say what its blocks are.
    """
    learns = _ids(network.parameters())
    if model.freeze or model.lora_rank is not None:
        learns = _ids(head_of(network).parameters()) | _adapters(network)
    if model.layer_decay == 1:
        parts = [("all", 1.0, list(network.parameters()))]
    else:
        blocks = _blocks(network)
        parts = [
            (f"block {i + 1}", model.layer_decay ** (len(blocks) - i), own)
            for i, own in enumerate(_parameters_by_block(network, blocks))
        ]
        parts.append(("head", 1.0, list(head_of(network).parameters())))
    groups = [
        {"name": name, "scale": factor, "params": [p for p in own if id(p) in learns]}
        for name, factor, own in parts
    ]
    return [group for group in groups if group["params"]]


def set_trainable(network: nn.Module, model: FineTuning, epoch: int | None) -> None:
    """Let learn what learns in an epoch, and nothing else, in place.

    What is frozen keeps its running statistics as well. It follows from the epoch alone, so that
    a training that continues need not remember it. Call it at the start of every epoch, once the
    network is in training mode; and with None before processes begin to share the work, as they
    take note of what learns only once.

    Args:
        network: The network, its adapters added.
        model: How it is fine-tuned.
        epoch: From 0; None to let learn whatever does in any epoch.

    Raises:
        UserError: See `parameter_groups`.
    """
    if not (model.freeze or model.unfreeze_every or model.lora_rank):
        return
    head = head_of(network)
    opened, learns = [head], _ids(head.parameters()) | _adapters(network)
    if model.unfreeze_every is not None:
        blocks = _blocks(network)
        first = 0 if epoch is None else max(len(blocks) - epoch // model.unfreeze_every, 0)
        opened += blocks[first:]
        learns |= _ids(p for own in _parameters_by_block(network, blocks)[first:] for p in own)
    for parameter in network.parameters():
        parameter.requires_grad_(id(parameter) in learns)
    moving = {id(module) for part in opened for module in part.modules()}
    for module in network.modules():
        if isinstance(module, RUNNING_STATISTICS):
            module.train(id(module) in moving)


def _parameters_by_block(network: nn.Module, blocks: list[nn.Module]) -> list[list[nn.Parameter]]:
    """Return the parameters of every block; those of none count to the lowest one.

    One that several blocks share counts to the lowest of them.
    """
    seen = _ids(head_of(network).parameters())
    parts = []
    for block in blocks:
        parts.append([p for p in block.parameters() if id(p) not in seen])
        seen |= _ids(parts[-1])
    others = [p for p in network.parameters() if id(p) not in seen]
    return [others + parts[0], *parts[1:]] if parts else [others]


def _ids(parameters: Iterable[nn.Parameter]) -> set[int]:
    return {id(parameter) for parameter in parameters}


def _adapters(network: nn.Module) -> set[int]:
    return {id(value) for name, value in network.named_parameters() if is_adapter(name)}


def head_of(network: nn.Module) -> nn.Module:
    """Return the part of a network that makes scores of features.

    Raises:
        UserError: It has none.
    """
    head = getattr(network, HEAD, None)
    if not isinstance(head, nn.Module):
        raise _unknown(network)
    return head


def _blocks(network: nn.Module) -> list[nn.Module]:
    blocks = getattr(network, "blocks", None)
    if not callable(blocks):
        raise _unknown(network)
    return list(blocks())


def _unknown(network: nn.Module) -> UserError:
    return UserError(
        "model.init_from, freeze, unfreeze_every, layer_decay, lora_rank: the network "
        f"({type(network).__name__}) does not say what its head and its blocks are.",
        "Leave these keys out; or give the network a module `head` and a method `blocks()`, as "
        "mlfw_lightning.networks.fusion.Fusion has them.",
    )
