"""Tiny encoders of images with random weights, and digits for them to read."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import pyarrow as pa

from mlfw import Column, Kind, Schema, Splits, Task

from .conftest import texts

KINDS = {"photo": Kind.image, "text": Kind.text, "size": Kind.number}


def write_vit(folder: Path) -> None:
    """Write a vision transformer of three layers for images of 16 x 16."""
    import torch
    from transformers import ViTConfig, ViTModel
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32,
        image_size=16, patch_size=4,
    )  # fmt: skip
    torch.manual_seed(0)
    ViTModel(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 16, "width": 16}).save_pretrained(folder)


def write_convnext(folder: Path) -> None:
    """Write a ConvNeXt of two stages, for images that are resized, then cropped to 32 x 32."""
    import torch
    from transformers import ConvNextConfig, ConvNextModel
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

    config = ConvNextConfig(num_stages=2, hidden_sizes=[8, 16], depths=[1, 2], image_size=32)
    torch.manual_seed(0)
    ConvNextModel(config).save_pretrained(folder)
    processor = ConvNextImageProcessorPil(
        size={"shortest_edge": 32},
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    )
    processor.save_pretrained(folder)


def write_resnet(folder: Path) -> None:
    """Write a ResNet of two stages, with no image processor beside it."""
    import torch
    from transformers import ResNetConfig, ResNetModel

    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", image_size=24
    )
    torch.manual_seed(0)
    ResNetModel(config).save_pretrained(folder)


WRITERS = {"vit": write_vit, "convnext": write_convnext, "resnet": write_resnet}


@cache
def digits() -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """Return PNG files of handwritten zeros and ones, 8 x 8, and which they are."""
    from PIL import Image
    from sklearn.datasets import load_digits

    images, labels = load_digits(n_class=2, return_X_y=True)
    files = []
    for values in images[:96]:
        file = BytesIO()
        Image.fromarray((values.reshape(8, 8) * 15).astype("uint8")).save(file, "PNG")
        files.append(file.getvalue())
    return tuple(files), tuple(map(int, labels[:96]))


def picture_splits(columns: tuple[str, ...] = ("photo",)) -> Splits:
    """Return digits, with other columns beside them where asked for."""
    files, labels = digits()
    rows = len(files)
    values = {
        "photo": pa.array(files, pa.binary()),
        "text": texts(rows),
        "size": [float(row % 7) for row in range(rows)],
    }
    schema = Schema.of(
        columns=tuple(Column(name=name, kind=KINDS[name]) for name in columns),
        target=Column(name="feel", kind=Kind.category),
        task=Task.binary,
        classes=("zero", "one"),
    )
    feel = [schema.classes[label] for label in labels]
    table = pa.table({**{name: values[name] for name in columns}, "feel": feel})
    return Splits(table.slice(0, 48), table.slice(48, 24), table.slice(72), schema)
