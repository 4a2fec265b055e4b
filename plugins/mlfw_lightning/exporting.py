"""A network without its preprocessing as a model in ONNX, by torch's exporter."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mlfw import UserError
from mlfw.hints import install
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape

if TYPE_CHECKING:
    import onnx

EXAMPLE_ROWS = 3
OPSET = 18
NOISY = ("torch.onnx", "onnxscript", "onnx_ir")


def network_model(network: nn.Module, shape: InputShape) -> onnx.ModelProto:
    """Return a network as a model in ONNX, for any number of rows.

    Args:
        network: Called with `Inputs`; in evaluation mode, on the CPU.
        shape: What goes in.

    Returns:
        A model that takes what `Inputs` holds, texts and images one after the other, and returns
        scores, float32 [rows, outputs].

    Raises:
        UserError: The network cannot be exported, or a package that exports is not installed.
    """
    if find_spec("onnxscript") is None:
        raise UserError(
            "onnx: the package 'onnxscript', which exports networks, is not installed.",
            f"Type: {install('mlfw[onnx]')}",
        )
    inputs = _example(shape)
    rows: Any = {0: torch.export.Dim("rows", min=1)}
    dynamic = Inputs(rows, rows, (rows,) * len(shape.texts), (rows,) * len(shape.images))
    try:
        with _quiet():
            program = torch.export.export(network, (inputs,), dynamic_shapes=(dynamic,))
            made = torch.onnx.export(program, dynamo=True, verbose=False, opset_version=OPSET)
    except Exception as error:
        logging.getLogger("mlfw").info("exporting a network", exc_info=True)
        reason = (str(error).strip().splitlines() or [""])[0]
        raise UserError(
            f"{type(network).__name__}: torch cannot export this network: "
            f"{type(error).__name__}: {reason}",
            "Train one of model=mlp, resnet, ft_transformer, cnn or transformer.",
        ) from error
    assert made is not None
    return made.model_proto


def _example(shape: InputShape) -> Inputs:
    """Return rows to trace a network with."""
    count = EXAMPLE_ROWS
    return Inputs(
        torch.zeros(count, shape.numbers),
        torch.zeros(count, len(shape.cardinalities), dtype=torch.int32),
        tuple(torch.zeros(count, text.length, dtype=torch.int32) for text in shape.texts),
        tuple(torch.zeros(count, *image.size, dtype=torch.uint8) for image in shape.images),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's own messages."""
    before = {name: logging.getLogger(name).level for name in NOISY}
    try:
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
