"""Means of weights are what their formulas say, continue exactly, and leave the network alone."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

from mlfw_lightning.learning.averaging import WeightAverage, has_batch_norm, recompute_batch_norm
from mlfw_lightning.learning.optimisation import Averaging, Optimisation

TOTAL = 20


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))


def average(how: Averaging, **options: Any) -> WeightAverage:
    return WeightAverage(Optimisation(average=how, **options))


def walk(net: nn.Module, step: int) -> None:
    """Move every weight by a random step that follows from the step's number."""
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += torch.randn(parameter.shape, generator=generator)


def after(net: nn.Module, mean: WeightAverage, steps: range) -> list[torch.Tensor]:
    path = []
    for step in steps:
        walk(net, step)
        mean.update(net, step, TOTAL)
        path.append(next(net.parameters()).detach().clone())
    return path


def test_swa_is_the_plain_mean_of_the_weights_from_its_start_on() -> None:
    net, mean = network(), average(Averaging.swa, average_start=0.6)

    path = after(net, mean, range(1, TOTAL + 1))

    expected = torch.stack(path[12:]).mean(dim=0)
    assert torch.allclose(mean.weights(net)["0.weight"], expected, atol=1e-6)


def test_ema_is_its_formula() -> None:
    net, mean = network(), average(Averaging.ema, average_decay=0.5)

    path = after(net, mean, range(1, TOTAL + 1))

    expected = path[0]
    for update, weights in enumerate(path[1:]):
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * weights
    assert torch.allclose(mean.weights(net)["0.weight"], expected, atol=1e-5)


def test_before_averaging_starts_the_weights_are_the_network_s_own() -> None:
    net, mean = network(), average(Averaging.swa)

    after(net, mean, range(1, 11))

    assert not mean.started
    assert all(torch.equal(mean.weights(net)[k], v) for k, v in net.state_dict().items())


@pytest.mark.parametrize("how", [Averaging.ema, Averaging.swa])
def test_averaging_continues_exactly_from_a_saved_state(how: Averaging) -> None:
    straight, whole = network(), average(how, average_start=0.3)
    after(straight, whole, range(1, TOTAL + 1))
    net, first = network(), average(how, average_start=0.3)
    after(net, first, range(1, 12))
    kept = io.BytesIO()
    torch.save(first.state_dict(), kept)
    kept.seek(0)

    second = average(how, average_start=0.3)
    second.load_state_dict(torch.load(kept, weights_only=True))
    net = copy.deepcopy(net)
    after(net, second, range(12, TOTAL + 1))

    resumed = second.weights(net)
    assert all(torch.equal(resumed[k], v) for k, v in whole.weights(straight).items())


def test_the_network_has_the_mean_for_a_while_and_then_its_own_weights_and_buffers() -> None:
    net, mean = network(), average(Averaging.ema)
    after(net, mean, range(1, TOTAL))
    before = copy.deepcopy(net.state_dict())
    wanted = mean.weights(net)

    with mean.applied(net):
        assert torch.equal(net[0].weight, wanted["0.weight"])
        assert not torch.equal(net[0].weight, before["0.weight"])
        recompute_batch_norm(net, [torch.randn(8, 3)])

    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_weights_keep_their_names_types_and_buffers() -> None:
    net, mean = network().bfloat16(), average(Averaging.ema)
    after(net, mean, range(1, 5))
    weights = mean.weights(net)

    assert weights.keys() == net.state_dict().keys()
    assert weights["0.weight"].dtype is torch.bfloat16
    assert mean.state_dict()["mean"]["0.weight"].dtype is torch.float32
    assert torch.equal(weights["1.running_mean"], net.state_dict()["1.running_mean"])


def test_shared_weights_are_averaged_once_and_stand_under_both_names() -> None:
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    net[1].weight = net[0].weight
    mean = average(Averaging.ema)
    after(net, mean, range(1, 5))

    weights = mean.weights(net)

    assert set(weights) == {"0.weight", "1.weight"}
    assert torch.equal(weights["0.weight"], weights["1.weight"])
    assert not torch.equal(weights["0.weight"], net[0].weight)


def test_recomputed_statistics_are_those_of_the_rows_and_nothing_else_changes() -> None:
    net = network()
    net[2].eval()
    batches = [torch.randn(16, 3) + 5 for _ in range(4)]
    weights, state = copy.deepcopy(list(net.parameters())), torch.get_rng_state()

    recompute_batch_norm(net, batches)

    hidden = [net[0](batch) for batch in batches]
    expected = torch.stack([rows.mean(dim=0) for rows in hidden]).mean(dim=0)
    assert torch.allclose(net[1].running_mean, expected, atol=1e-5)
    assert net[1].momentum == 0.1
    assert [module.training for module in net] == [True, True, False, True]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, net.parameters(), weights))


def test_statistics_of_frozen_norms_are_kept() -> None:
    net = network()
    net[1].requires_grad_(False)
    before = net[1].running_mean.clone()

    recompute_batch_norm(net, [torch.randn(16, 3) + 5])

    assert torch.equal(net[1].running_mean, before)


def test_a_network_without_batch_norm_needs_no_pass() -> None:
    net = nn.Linear(3, 2)

    recompute_batch_norm(net, iter(lambda: pytest.fail("no batch is needed"), None))

    assert not has_batch_norm(net)
    assert has_batch_norm(network())
