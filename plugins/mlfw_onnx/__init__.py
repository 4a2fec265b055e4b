"""Models as ONNX graphs, with the preprocessing inside."""

from __future__ import annotations

from mlfw_onnx import arrays
from mlfw_onnx.graph import Graph, Tensor

__all__ = ["Graph", "Tensor", "arrays"]
