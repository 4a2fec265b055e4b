"""Encoders that were trained on much text by others, from the Hugging Face Hub or a folder."""

from __future__ import annotations

import mlfw
from mlfw_tabular.prepare.encoder import Encoder
from mlfw_transformers.model import Pretrained
from mlfw_transformers.tokenizer import TokenizerEncoder


@mlfw.hookimpl
def mlfw_models() -> dict[str, type[mlfw.Model]]:
    """Register the model that builds on pretrained encoders."""
    return {"pretrained": Pretrained}


@mlfw.hookimpl
def mlfw_tabular_encoders() -> dict[str, type[Encoder]]:
    """Add the encoder that cuts texts into the tokens of a pretrained encoder."""
    return {TokenizerEncoder.name: TokenizerEncoder}


__all__ = ["Pretrained"]
