"""Images: folders with one sub-folder a class, and tables with a column of paths."""

from __future__ import annotations

import mlfw
from mlfw_images.dataset import ImagesDataset


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register the data set of image files."""
    return {"images": ImagesDataset}


__all__ = ["ImagesDataset"]
