"""Models in ONNX that were written wrongly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
from onnx import numpy_helper

from mlfw.files import write_bytes


def wrong_model(content: bytes) -> bytes:
    """Return a model whose numbers are larger by a percent and whose first two classes change."""
    model = onnx.load_model_from_string(content)
    for constant in model.graph.initializer:
        if constant.data_type == onnx.TensorProto.DOUBLE:
            values = numpy_helper.to_array(constant)
            constant.CopyFrom(numpy_helper.from_array(values * 1.01, constant.name))
        elif len(constant.string_data) > 1:
            constant.string_data[:2] = constant.string_data[1::-1]
    return model.SerializeToString()


def wrong_writer(*paths: str) -> Callable[[Path, bytes], None]:
    """Return a `write_bytes` that writes wrong models into some files.

    Args:
        paths: How the files' paths end.
    """

    def write(path: Path, content: bytes) -> None:
        wrong = path.as_posix().endswith(paths)
        write_bytes(path, wrong_model(content) if wrong else content)

    return write
