"""The formats that a model can be exported in, for messages about those it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlfw import Kind
from mlfw.errors import listing

PRETRAINED = ("tokenizer", "processor")


def formats_of(notes: Iterable[Mapping[str, Any]], *, network: bool) -> str:
    """Return the names of the formats that a model in ONNX can be exported in, as words.

    Args:
        notes: The descriptions of its inputs; see `prediction_model`.
        network: Whether it is a network of PyTorch.
    """
    inputs = list(notes)
    pretrained = any(key in each for each in inputs for key in PRETRAINED)
    kinds = {each.get("kind") for each in inputs}
    made = ["onnx"]
    if not pretrained:
        made.append("web")
    if not pretrained and Kind.image not in kinds:
        made.append("mobile")
    if network:
        made.append("torch")
    elif not kinds & {Kind.image, Kind.text}:
        made.append("sql (if it is small)")
    return listing(made)
