"""Hugging Face data sets: those saved on disk, and those of the Hub."""

from __future__ import annotations

import mlfw
from mlfw_huggingface.dataset import HuggingFaceDataset


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register the data set that `datasets` reads."""
    return {"huggingface": HuggingFaceDataset}


__all__ = ["HuggingFaceDataset"]
