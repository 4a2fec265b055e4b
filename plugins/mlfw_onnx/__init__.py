"""Export of models in ONNX, preprocessing included.

Plugins may build on `Graph` and `Tensor` (building a graph), `arrays` (functions of NumPy for its
tensors), `prediction_model` (its outputs and metadata), `save_portable`, `check_portable`
and `replay_sample` (saving it with a model, and comparing both), and `OnnxPredictor` (predicting
with it).
"""

from __future__ import annotations

import mlfw
from mlfw_onnx import arrays
from mlfw_onnx.deployer import Onnx
from mlfw_onnx.graph import Graph
from mlfw_onnx.portable import check_portable, replay_sample, save_portable
from mlfw_onnx.predictions import prediction_model
from mlfw_onnx.predictor import MODEL, OnnxPredictor
from mlfw_onnx.tensor import Tensor


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports models in ONNX."""
    return {"onnx": Onnx}


__all__ = [
    "MODEL",
    "Graph",
    "OnnxPredictor",
    "Tensor",
    "arrays",
    "check_portable",
    "prediction_model",
    "replay_sample",
    "save_portable",
]
