"""Low-rank adapters learn little, and become part of plain weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import mlfw
from mlfw import FitContext, LoadContext, UserError
from mlfw_lightning import LightningTrainer
from mlfw_lightning.fine_tuning.blocks import parameter_groups, set_trainable
from mlfw_lightning.fine_tuning.lora import add_adapters, is_adapter, merged
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_sklearn.dataset import Bundled, SklearnDataset

SHAPE = InputShape(numbers=6, cardinalities=(5,), outputs=3)
INPUTS = Inputs(torch.randn(9, 6), torch.randint(0, 5, (9, 1), dtype=torch.int32))


def adapted(model: MLP) -> nn.Module:
    torch.manual_seed(0)
    network = model.build(SHAPE)
    add_adapters(network, model)
    return network


def test_adapters_change_nothing_at_first() -> None:
    model = MLP(width=32, lora_rank=2)
    torch.manual_seed(0)
    plain = model.build(SHAPE).eval()

    assert torch.allclose(adapted(model).eval()(INPUTS), plain(INPUTS))


def test_only_adapters_and_the_head_learn_and_they_are_few() -> None:
    model = MLP(width=64, depth=3, lora_rank=2)
    network = adapted(model)

    set_trainable(network, model, 0)

    learning = {name for name, p in network.named_parameters() if p.requires_grad}
    assert {name for name in learning if not is_adapter(name)} == {"head.weight", "head.bias"}
    grouped = [p for group in parameter_groups(network, model) for p in group["params"]]
    assert {id(p) for p in grouped} == {id(p) for p in network.parameters() if p.requires_grad}
    total = sum(p.numel() for p in model.build(SHAPE).parameters())
    assert sum(p.numel() for p in grouped) < 0.15 * total


def test_merged_weights_are_plain_and_predict_the_same() -> None:
    model = MLP(width=32, lora_rank=3)
    network = adapted(model)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) / 10)
    learnt = {name: value.clone() for name, value in network.state_dict().items()}
    expected = network.eval()(INPUTS)

    plain = model.build(SHAPE).eval()
    plain.load_state_dict(merged(network, learnt))

    assert torch.allclose(plain(INPUTS), expected, atol=1e-5)
    assert not any(is_adapter(name) for name in plain.state_dict())


def test_without_adapters_weights_are_left_as_they_are() -> None:
    network = MLP().build(SHAPE)
    weights = network.state_dict()

    assert merged(network, weights).keys() == weights.keys()


def test_a_network_that_is_only_a_head_is_told_to_freeze_instead() -> None:
    with pytest.raises(UserError, match=r"no linear layer beside its head.*\n.*model.freeze"):
        adapted(MLP(depth=0, lora_rank=2))


def test_a_run_with_adapters_saves_a_model_that_needs_no_peft(tmp_path: Path) -> None:
    splits = SklearnDataset(name=Bundled.wine).load(LoadContext())
    context = FitContext(
        trainer=LightningTrainer(accelerator="cpu", epochs=8),
        seed=0,
        folder=tmp_path / "fit",
        report=lambda *_: None,
    )

    fitted = MLP(lora_rank=4).fit(splits, context)
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    loaded = NetworkPredictor.load(tmp_path / "saved", splits.schema, MLP())

    assert loaded.predict(splits.test).equals(fitted.predict(splits.test))
    assert not any(is_adapter(name) for name in loaded.network.state_dict())
    found = mlfw.probability_matrix(splits.schema, loaded.predict(splits.test)).argmax(axis=1)
    assert (found == splits.schema.codes(splits.test).to_numpy()).mean() > 0.7
