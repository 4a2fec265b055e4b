"""Pretrained encoders of texts, fused with the other columns of a table."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from mlfw import UserError
from mlfw.errors import listing
from mlfw_lightning.network import InputShape, TextShape
from mlfw_lightning.networks.encoders.columns import Columns
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.networks.encoders.pixels import Pixels
from mlfw_lightning.networks.fusion import Fusion
from mlfw_lightning.networks.perceptron import hidden_layers
from mlfw_transformers.settings import check_settings
from mlfw_transformers.tokenizer import FIRST_TOKEN


class TextEncoder(Encoder):
    """An encoder of the `transformers` library: one vector a text."""

    def __init__(self, shape: TextShape, pooling: str) -> None:
        """Build it with random weights.

        Args:
            shape: Of the text; its reader is the encoder's settings.
            pooling: `mean` or `first`; see `Pooling`.

        Raises:
            UserError: The settings shape no encoder of texts.
        """
        super().__init__()
        settings = check_settings(json.loads(shape.reader), "the encoder's settings")
        self.model = bare_model(settings)
        self.pooling = pooling
        self.width = int(self.model.config.hidden_size)
        self.padding = int(settings.get("pad_token_id") or 0)

    def forward(self, text: Tensor) -> Tensor:
        """Return float32 [rows, width] for tokens plus 1, int32 [rows, length]; 0 is padding."""
        mask = text > 0
        tokens = torch.where(mask, text - FIRST_TOKEN, self.padding).long()
        output = self.model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
        if self.pooling == "first":
            first: Tensor = output[:, 0]
            return first
        weights = mask.unsqueeze(2).to(output.dtype)
        mean: Tensor = (output * weights).sum(1) / weights.sum(1)
        return mean

    def blocks(self) -> list[nn.Module]:
        """Return what comes before its layers, then each layer; what follows is of the last."""
        layers = _layers(self.model)
        if layers is None:
            return [self]
        within = {id(module) for layer in layers for module in layer.modules()}
        before, after = nn.ModuleList(), nn.ModuleList()
        part = before
        for module in self.model.modules():
            if module is layers:
                part = after
            elif (
                id(module) not in within
                and next(module.parameters(recurse=False), None) is not None
            ):
                part.append(module)
        return [before, *layers[:-1], nn.ModuleList([layers[-1], *after])]


def bare_model(settings: dict[str, Any]) -> Any:
    """Return a model of the `transformers` library without a head, its weights random.

    Raises:
        UserError: The settings do not fit together, or it reads no texts.
    """
    from transformers import AutoConfig, AutoModel

    kind = settings["model_type"]
    options = {key: value for key, value in settings.items() if key != "model_type"}
    try:
        config = AutoConfig.for_model(kind, **options)
        model = AutoModel.from_config(config, trust_remote_code=False)
    except Exception as error:
        raise UserError(
            f"the encoder's settings: {listing(str(error).splitlines()[:2])}.",
            "Save the encoder again, or choose another.",
        ) from None
    if "input_ids" not in inspect.signature(model.forward).parameters:
        raise UserError(
            f"the encoder's settings: model_type={kind}: reads no texts.",
            "Choose an encoder such as bert.",
        )
    # It summarises a text in a way of its own, which nothing here would ever train.
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    return model.float()


def fused(shape: InputShape, pooling: str, *, width: int, depth: int, dropout: float) -> Fusion:
    """Return a network of one encoder a text, the other columns beside, hidden layers, a head.

    Args:
        shape: What goes in and comes out.
        pooling: See `TextEncoder`.
        width: Units of each hidden layer.
        depth: How many hidden layers.
        dropout: Share of the units left out in training, before and between them.
    """
    texts = [TextEncoder(text, pooling) for text in shape.texts]
    columns = Columns(shape, texts, map(Pixels, shape.images))
    layers, size = hidden_layers(columns.width, width=width, depth=depth, dropout=dropout)
    first: Iterable[nn.Module] = [nn.Dropout(dropout)] if dropout else []
    return Fusion(columns, nn.Sequential(*first, *layers), width=size, outputs=shape.outputs)


def _layers(model: nn.Module) -> nn.ModuleList | None:
    """Return the list of a model's layers, where it has one."""
    count = getattr(model.config, "num_hidden_layers", 0)
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count > 0:
            return module
    return None
