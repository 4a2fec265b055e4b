"""Export of models in ONNX, preprocessing included, and what other exports are made of.

Plugins may build on:

- `Graph` and `Tensor` (building a graph), `arrays` (functions of NumPy for its tensors), `ML` (the
  domain of operators for trees and categories) and `prediction_model` (its outputs and metadata,
  which `TargetOutputs`, `input_notes`, `INPUTS`, `TARGETS` and `with_labels` read);
- `save_portable` and `check_portable` (saving it with a model, and comparing both), `OnnxPredictor`
  (predicting with it), `MODEL` (its file), `replay_sample` (trying a copy of a saved model),
  `checked_model` (loading it as a `CheckedModel`, whoever wrote it) and `new_session` (running any
  other graph);
- `Export` (a deployer that writes another form of a model) with `Form`, `Comparison` or `Parity`
  (whether the form predicts the same; see `expected_outputs`), `check_copy`, `Sample` and
  `sample_of` (rows to try it with), `sample_text` and `plain_rows` (writing them), `markdown`
  (its README) and `formats_of` (which formats a model has, for messages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw
from mlfw_onnx.deployer import Onnx

if TYPE_CHECKING:
    from mlfw_onnx import arrays, markdown
    from mlfw_onnx.export import Export, Form, check_copy
    from mlfw_onnx.formats import formats_of
    from mlfw_onnx.graph import ML, Graph
    from mlfw_onnx.parity import Comparison, Parity, Sample, expected_outputs
    from mlfw_onnx.portable import (
        check_portable,
        replay_sample,
        sample_of,
        sample_text,
        save_portable,
    )
    from mlfw_onnx.predictions import (
        INPUTS,
        TARGETS,
        TargetOutputs,
        input_notes,
        prediction_model,
        with_labels,
    )
    from mlfw_onnx.predictor import MODEL, OnnxPredictor
    from mlfw_onnx.sample import plain_rows
    from mlfw_onnx.session import CheckedModel, checked_model, new_session
    from mlfw_onnx.tensor import Tensor


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports models in ONNX."""
    return {"onnx": Onnx}


__getattr__ = mlfw.lazy_names(
    __name__,
    {
        "arrays": ["arrays"],
        "export": ["Export", "Form", "check_copy"],
        "formats": ["formats_of"],
        "graph": ["ML", "Graph"],
        "markdown": ["markdown"],
        "parity": ["Comparison", "Parity", "Sample", "expected_outputs"],
        "portable": [
            "check_portable",
            "replay_sample",
            "sample_of",
            "sample_text",
            "save_portable",
        ],
        "predictions": [
            "INPUTS",
            "TARGETS",
            "TargetOutputs",
            "input_notes",
            "prediction_model",
            "with_labels",
        ],
        "predictor": ["MODEL", "OnnxPredictor"],
        "sample": ["plain_rows"],
        "session": ["CheckedModel", "checked_model", "new_session"],
        "tensor": ["Tensor"],
    },
)
__all__ = [
    "INPUTS",
    "ML",
    "MODEL",
    "TARGETS",
    "CheckedModel",
    "Comparison",
    "Export",
    "Form",
    "Graph",
    "OnnxPredictor",
    "Parity",
    "Sample",
    "TargetOutputs",
    "Tensor",
    "arrays",
    "check_copy",
    "check_portable",
    "checked_model",
    "expected_outputs",
    "formats_of",
    "input_notes",
    "markdown",
    "new_session",
    "plain_rows",
    "prediction_model",
    "replay_sample",
    "sample_of",
    "sample_text",
    "save_portable",
    "with_labels",
]
