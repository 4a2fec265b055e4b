"""A network predicts in ONNX, from columns to classes, what it predicts in Python."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch

import mlfw
from mixed_table import mixed_splits, odd_rows
from mlfw import FitContext, Splits, UserError
from mlfw_lightning import LightningTrainer
from mlfw_lightning.exporting import network_model
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_onnx.parity import Parity, session_of
from mlfw_onnx.predictions import TargetOutputs

TARGETS = ("kind", "price", "tags")


def fitted(splits: Splits, folder: Path) -> NetworkPredictor:
    trainer = LightningTrainer(accelerator="cpu", epochs=2)
    context = FitContext(trainer=trainer, seed=0, folder=folder, report=lambda *_: None)
    return MLP(width=8).fit(splits, context)


def test_a_network_on_all_kinds_of_columns_is_one_model(tmp_path: Path) -> None:
    splits = mixed_splits(tmp_path, TARGETS)
    predictor = fitted(splits, tmp_path)

    model = predictor.to_onnx()

    onnx.checker.check_model(model, full_check=True)
    parity = Parity(predictor, session_of(model.SerializeToString()), TargetOutputs.of(model))
    parity.check(mlfw.conform(splits.test, splits.schema), "test")
    parity.check(mlfw.conform(odd_rows(), splits.schema), "odd")
    assert parity.largest > 0
    types = {i.name: i.type.tensor_type.elem_type for i in model.graph.input}
    assert types["remark"] == onnx.TensorProto.INT32
    assert types["amount"] == onnx.TensorProto.DOUBLE
    assert types["colour"] == onnx.TensorProto.STRING


def test_what_cannot_be_exported_is_named() -> None:
    class Odd(torch.nn.Module):
        def forward(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
            return inputs[0] if inputs[0].sum().item() > 0 else inputs[0] + 1

    with pytest.raises(UserError, match="Odd: torch cannot export this network"):
        network_model(Odd(), InputShape(2, (), 2))
