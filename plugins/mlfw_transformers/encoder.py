"""The base of encoders that others have trained."""

from __future__ import annotations

import json
from typing import Any

from torch import nn

from mlfw import Kind, UserError
from mlfw_lightning import Encoder
from mlfw_transformers.bare import bare_model, reads
from mlfw_transformers.settings import TYPE, check_settings


class PretrainedEncoder(Encoder):
    """A model of the `transformers` library.

    Attributes:
        settings: What shapes it: the content of `config.json`.
        model: It, without a head.
    """

    def __init__(self, settings: str, kind: Kind) -> None:
        """Build it with random weights.

        Args:
            settings: As JSON.
            kind: What it has to read.

        Raises:
            UserError: The settings shape nothing that reads it.
        """
        super().__init__()
        self.settings = check_settings(json.loads(settings), "the encoder's settings")
        if reads(self.settings) is not kind:
            raise UserError(
                f"the encoder's settings: {TYPE}={self.settings[TYPE]}: reads no {kind}."
            )
        self.model: Any = bare_model(self.settings)

    def blocks(self) -> list[nn.Module]:
        """Return what comes before its layers, then each layer; what follows is of the last."""
        layers = _layers(self.model)
        if layers is None:
            return [self]
        within = {id(module) for module in layers.modules()}
        around = {id(module) for module in self.model.modules() if _holds(module, layers)}
        before, after = nn.ModuleList(), nn.ModuleList()
        part = before
        for module in self.model.modules():
            own = list(module.parameters(recurse=False))
            if module is layers:
                part = after
            elif id(module) in within or not own:
                continue
            else:
                part.append(nn.ParameterList(own) if id(module) in around else module)
        return [before, *layers[:-1], nn.ModuleList([layers[-1], *after])]


def _holds(module: nn.Module, part: nn.Module) -> bool:
    return any(child is part for child in module.modules())


def _layers(model: nn.Module) -> nn.ModuleList | None:
    """Return the list of a model's layers or stages: the one that holds most of its weights."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=_size, default=None)


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
