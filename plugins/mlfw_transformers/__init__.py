"""Encoders that others trained on many texts or images, from the Hugging Face Hub or a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw
from mlfw_transformers.model import Pretrained

if TYPE_CHECKING:
    from mlfw_tabular import Encoder


@mlfw.hookimpl
def mlfw_models() -> dict[str, type[mlfw.Model]]:
    """Register the model that builds on pretrained encoders."""
    return {"pretrained": Pretrained}


@mlfw.hookimpl
def mlfw_tabular_encoders() -> dict[str, type[Encoder]]:
    """Add what prepares texts and images as a pretrained encoder wants them."""
    from mlfw_transformers.images import ProcessedImageEncoder
    from mlfw_transformers.tokenizer import TokenizerEncoder

    return {
        TokenizerEncoder.name: TokenizerEncoder,
        ProcessedImageEncoder.name: ProcessedImageEncoder,
    }


__all__ = ["Pretrained"]
