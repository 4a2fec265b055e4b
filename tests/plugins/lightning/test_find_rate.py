"""The range test finds a learning rate that learns well, and changes nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from sklearn.datasets import load_wine
from torch import Tensor, nn

from mlfw import UserError
from mlfw_lightning.finding.learning_rate import RangeTest, find_learning_rate, suggested_rate
from mlfw_lightning.learning.optimisation import Optimisation, OptimizerName
from mlfw_lightning.learning.optimizers import build_optimizer

Pair = tuple[Tensor, Tensor]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(13, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 3))


def batches() -> list[Pair]:
    rows, classes = load_wine(return_X_y=True)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    order = np.random.default_rng(0).permutation(len(rows))[:160]
    both = torch.tensor(rows[order], dtype=torch.float32), torch.tensor(classes[order])
    return list(zip(*(values.split(16) for values in both), strict=True))


def loss(net: nn.Module, batch: Pair) -> Tensor:
    return nn.functional.cross_entropy(net(batch[0]), batch[1])


def build(net: nn.Module, name: OptimizerName, rate: float = 1.0) -> torch.optim.Optimizer:
    options = Optimisation(optimizer=name, learning_rate=rate)
    return build_optimizer(options, [{"params": list(net.parameters())}], network=net)


def find(name: OptimizerName = OptimizerName.adamw) -> RangeTest:
    return find_learning_rate(network(), loss, batches(), lambda net: build(net, name))


def loss_after_an_epoch(name: OptimizerName, rate: float) -> float:
    net = network()
    optimizer = build(net, name, rate)
    for batch in batches():
        optimizer.zero_grad()
        loss(net, batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    net.eval()
    return float(np.mean([loss(net, batch).item() for batch in batches()]))


@pytest.mark.parametrize("name", [OptimizerName.adamw, OptimizerName.sgd])
def test_the_suggestion_learns_faster_than_a_tenth_of_it_and_does_not_diverge(
    name: OptimizerName,
) -> None:
    rate = find(name).suggestion

    assert rate is not None
    good = loss_after_an_epoch(name, rate)
    assert good < 0.7 * loss_after_an_epoch(name, rate / 10)
    assert good < loss_after_an_epoch(name, rate * 1000)


def test_each_optimiser_gets_a_rate_of_its_own() -> None:
    adamw, sgd = find(OptimizerName.adamw).suggestion, find(OptimizerName.sgd).suggestion

    assert adamw is not None
    assert sgd is not None
    assert adamw < sgd / 2


def test_the_test_ends_when_the_loss_grows() -> None:
    test = find(OptimizerName.sgd)

    assert len(test.losses) == len(test.rates) < 120
    assert test.losses[-1] > 3 * min(test.losses)


def test_the_network_its_gradients_and_the_random_numbers_stay() -> None:
    net = network()
    before, state = copy.deepcopy(net.state_dict()), torch.get_rng_state()

    find_learning_rate(net, loss, batches(), lambda one: build(one, OptimizerName.adamw))

    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_the_same_seed_finds_the_same_rate() -> None:
    assert find() == find()


def test_a_network_whose_loss_is_no_number_is_named() -> None:
    bad = [(rows * torch.nan, classes) for rows, classes in batches()]

    with pytest.raises(UserError, match=r"trainer\.find_learning_rate"):
        find_learning_rate(network(), loss, bad, lambda net: build(net, OptimizerName.adamw))


def test_the_steepest_fall_of_a_known_curve_is_found() -> None:
    rates = np.geomspace(1e-6, 10, 141)
    losses = 1 / (1 + (rates / 1e-3) ** 2) + (rates / 1) ** 2

    found = suggested_rate(rates.tolist(), losses.tolist())

    assert found == pytest.approx(1e-3, rel=0.3)


def test_nothing_is_suggested_where_the_loss_never_falls() -> None:
    assert suggested_rate([1e-3, 1e-2, 1e-1], [1.0, 2.0, 3.0]) is None
    assert suggested_rate([1e-3], [1.0]) is None
