"""Pretrained encoders of texts or images, fused with the other columns of a table."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from mlfw_lightning import (
    Columns,
    Encoder,
    Fusion,
    ImageShape,
    InputShape,
    MeanOfWords,
    TextShape,
    hidden_layers,
    images_beside,
)
from mlfw_transformers.text import TextEncoder
from mlfw_transformers.vision import VisionEncoder


def fused(shape: InputShape, pooling: str, *, width: int, depth: int, dropout: float) -> Fusion:
    """Return a network of one encoder a text or image, other columns beside, and a head.

    Args:
        shape: What goes in and comes out.
        pooling: See `Pooling`.
        width: Units of each hidden layer.
        depth: How many hidden layers.
        dropout: Share of the units left out in training, before and between them.
    """
    texts = [_text(text, pooling) for text in shape.texts]
    images = [_image(image, pooling) for image in shape.images]
    columns = Columns(shape, texts, images)
    layers, size = hidden_layers(columns.width, width=width, depth=depth, dropout=dropout)
    first: Iterable[nn.Module] = [nn.Dropout(dropout)] if dropout else []
    return Fusion(columns, nn.Sequential(*first, *layers), width=size, outputs=shape.outputs)


def _text(shape: TextShape, pooling: str) -> Encoder:
    return TextEncoder(shape, pooling) if shape.reader else MeanOfWords(shape)


def _image(shape: ImageShape, pooling: str) -> Encoder:
    return VisionEncoder(shape, pooling) if shape.reader else next(images_beside([shape]))
