"""Optimisers learn, keep the groups' factors, and continue exactly from their state."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

from mlfw_lightning.learning.optimisation import Optimisation, OptimizerName
from mlfw_lightning.learning.optimizers import build_optimizer, hidden_matrices

WIDTH = 6


class Small(nn.Module):
    """Has embeddings, a convolution, attention, a norm, hidden layers and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, WIDTH)
        self.convolution = nn.Conv1d(1, 1, 3, padding=1)
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.hidden = nn.Sequential(nn.Linear(WIDTH, 9), nn.LayerNorm(9), nn.ReLU())
        self.head = nn.Linear(9, 2)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        rows = self.convolution(self.embedding(codes).unsqueeze(1))
        scores: torch.Tensor = self.head(self.hidden(self.attention(rows, rows, rows)[0][:, 0]))
        return scores


def network() -> Small:
    torch.manual_seed(0)
    return Small()


def optimizer_of(
    net: nn.Module, name: OptimizerName, *, fused: bool = True, **options: Any
) -> torch.optim.Optimizer:
    chosen = Optimisation(optimizer=name, **options)
    return build_optimizer(chosen, [{"params": list(net.parameters())}], network=net, fused=fused)


def train(net: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> float:
    loss = torch.tensor(0.0)
    for step in steps:
        codes = torch.randint(4, (16,), generator=torch.Generator().manual_seed(step))
        loss = nn.functional.cross_entropy(net(codes), codes % 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@pytest.mark.parametrize("name", OptimizerName)
def test_every_optimiser_lowers_the_loss(name: OptimizerName) -> None:
    net = network()
    optimizer = optimizer_of(net, name, learning_rate=0.02, weight_decay=1e-3)

    assert train(net, optimizer, range(60)) < 0.1 < train(network(), optimizer, range(1))


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("name", OptimizerName)
def test_training_continues_exactly_from_a_saved_state(name: OptimizerName, fused: bool) -> None:
    straight = network()
    train(straight, optimizer_of(straight, name, fused=fused, momentum=0.8), range(8))
    first = network()
    optimizer = optimizer_of(first, name, fused=fused, momentum=0.8)
    train(first, optimizer, range(3))
    kept = io.BytesIO()
    torch.save({"net": first.state_dict(), "optimizer": optimizer.state_dict()}, kept)
    kept.seek(0)

    state = torch.load(kept, weights_only=True)
    second = network()
    again = optimizer_of(second, name, fused=fused, momentum=0.8)
    second.load_state_dict(state["net"])
    again.load_state_dict(state["optimizer"])
    train(second, again, range(3, 8))

    pairs = zip(straight.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_a_state_can_be_loaded_into_the_optimiser_it_came_from() -> None:
    net = network()
    optimizer = optimizer_of(net, OptimizerName.muon)
    train(net, optimizer, range(3))
    weights, state = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    train(net, optimizer, range(3, 6))
    end = copy.deepcopy(net.state_dict())

    net.load_state_dict(weights)
    optimizer.load_state_dict(state)
    train(net, optimizer, range(3, 6))

    assert all(torch.equal(net.state_dict()[key], value) for key, value in end.items())


@pytest.mark.parametrize("name", OptimizerName)
def test_the_rate_of_a_group_is_scaled_and_the_scale_is_kept(name: OptimizerName) -> None:
    net = network()
    groups = [
        {"params": list(net.head.parameters()), "scale": 1.0},
        {"params": list(net.hidden.parameters()), "scale": 0.5},
    ]

    optimizer = build_optimizer(
        Optimisation(optimizer=name, learning_rate=0.1), groups, network=net
    )

    assert {group["lr"] for group in optimizer.param_groups} == {0.1, 0.05}
    assert all(group["lr"] == 0.1 * group["scale"] for group in optimizer.param_groups)


def test_a_rate_of_zero_leaves_every_weight_as_it_is() -> None:
    for name in OptimizerName:
        net = network()
        optimizer = optimizer_of(net, name)
        for group in optimizer.param_groups:
            group["lr"] = 0.0
        train(net, optimizer, range(3))
        pairs = zip(net.parameters(), network().parameters(), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs), name


def test_muon_takes_matrices_of_hidden_layers_and_adamw_the_rest() -> None:
    net = network()
    optimizer = optimizer_of(net, OptimizerName.muon)

    muon, adamw = optimizer.param_groups
    names = {id(parameter): name for name, parameter in net.named_parameters()}

    assert {names[id(parameter)] for parameter in muon["params"]} == {
        "attention.in_proj_weight",
        "attention.out_proj.weight",
        "hidden.0.weight",
    }
    assert len(muon["params"]) + len(adamw["params"]) == len(names)


def test_the_last_linear_layer_counts_as_the_head_of_a_network_without_one() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))

    assert [weight.shape for weight in hidden_matrices(net)] == [(4, 3)]


def test_muon_without_hidden_layers_is_adamw() -> None:
    net = nn.Linear(3, 2)

    assert isinstance(optimizer_of(net, OptimizerName.muon), torch.optim.AdamW)


def test_a_written_rate_reaches_both_parts_of_muon_also_after_loading_a_state() -> None:
    net = network()
    optimizer = optimizer_of(net, OptimizerName.muon)
    train(net, optimizer, range(2))
    optimizer.load_state_dict(optimizer.state_dict())
    before = copy.deepcopy(net.state_dict())

    for group in optimizer.param_groups:
        group["lr"] = 0.0
    train(net, optimizer, range(2, 4))

    assert all(torch.equal(net.state_dict()[key], value) for key, value in before.items())


def test_momentum_of_zero_is_plain_gradient_descent() -> None:
    net = nn.Linear(1, 1, bias=False)
    options = {"momentum": 0.0, "weight_decay": 0.0, "learning_rate": 0.1}
    optimizer = optimizer_of(net, OptimizerName.sgd, **options)
    before = net.weight.item()

    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()

    assert net.weight.item() == pytest.approx(before - 0.1)
