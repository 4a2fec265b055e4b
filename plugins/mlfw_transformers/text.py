"""Texts by a pretrained encoder."""

from __future__ import annotations

import torch
from torch import Tensor

from mlfw import Kind
from mlfw_lightning import TextShape
from mlfw_transformers.encoder import PretrainedEncoder
from mlfw_transformers.tokenizer import FIRST_TOKEN


class TextEncoder(PretrainedEncoder):
    """An encoder of the `transformers` library: one vector a text."""

    def __init__(self, shape: TextShape, pooling: str) -> None:
        """Build it with random weights.

        Args:
            shape: Of the text; its reader is the encoder's settings.
            pooling: `mean` or `first`; see `Pooling`.

        Raises:
            UserError: The settings shape no encoder of texts.
        """
        super().__init__(shape.reader, Kind.text)
        self.pooling = pooling
        self.width = int(self.model.config.hidden_size)
        self.padding = int(self.settings.get("pad_token_id") or 0)

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
