"""Weights start as their scheme says, follow the seed, and pre-trained ones stay."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from mlfw_lightning.learning.initialisation import initialise
from mlfw_lightning.learning.optimisation import Initialisation

DRAWN = [
    Initialisation.kaiming,
    Initialisation.xavier,
    Initialisation.orthogonal,
    Initialisation.truncated_normal,
]


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.ModuleDict(
        {
            "embedding": nn.Embedding(500, 40, padding_idx=0),
            "linear": nn.Linear(300, 200),
            "convolution": nn.Conv2d(16, 32, 3),
            "norm": nn.BatchNorm2d(32),
            "attention": nn.MultiheadAttention(100, 4),
        }
    )


def drawn(scheme: Initialisation, seed: int = 1) -> dict[str, torch.Tensor]:
    made = network()
    torch.manual_seed(seed)
    initialise(made, scheme)
    return made.state_dict()


@pytest.mark.parametrize(
    ("scheme", "linear", "convolution"),
    [
        (Initialisation.kaiming, math.sqrt(2 / 300), math.sqrt(2 / (16 * 9))),
        (Initialisation.xavier, math.sqrt(2 / 500), math.sqrt(2 / (48 * 9))),
        (Initialisation.truncated_normal, 0.02 * 0.8796, 0.02 * 0.8796),
    ],
)
def test_weights_have_the_deviation_of_the_paper(
    scheme: Initialisation, linear: float, convolution: float
) -> None:
    weights = drawn(scheme)

    assert weights["linear.weight"].std().item() == pytest.approx(linear, rel=0.05)
    assert weights["convolution.weight"].std().item() == pytest.approx(convolution, rel=0.05)


def test_orthogonal_weights_are_orthogonal_in_each_part_of_attention() -> None:
    weights = drawn(Initialisation.orthogonal)

    for matrix in (weights["linear.weight"], *weights["attention.in_proj_weight"].chunk(3)):
        product = matrix @ matrix.T
        assert torch.allclose(product, torch.eye(len(matrix)), atol=1e-4)


def test_a_truncated_normal_has_nothing_beyond_two_deviations_and_keeps_the_padding_zero() -> None:
    weights = drawn(Initialisation.truncated_normal)

    assert weights["linear.weight"].abs().max() <= 0.04
    assert weights["embedding.weight"].abs().max() <= 0.04
    assert not weights["embedding.weight"][0].any()


@pytest.mark.parametrize("scheme", [*DRAWN, Initialisation.zero_bias])
def test_biases_start_at_zero_and_norms_and_embeddings_as_they_were(
    scheme: Initialisation,
) -> None:
    weights, before = drawn(scheme), network().state_dict()

    assert not weights["linear.bias"].any()
    assert not weights["convolution.bias"].any()
    assert not weights["attention.in_proj_bias"].any()
    assert torch.equal(weights["norm.weight"], before["norm.weight"])
    kept = torch.equal(weights["embedding.weight"], before["embedding.weight"])
    assert kept is (scheme is not Initialisation.truncated_normal)


def test_zero_bias_keeps_the_weights_and_default_keeps_everything() -> None:
    before = network().state_dict()
    zeroed, kept = drawn(Initialisation.zero_bias), drawn(Initialisation.default)

    assert torch.equal(zeroed["linear.weight"], before["linear.weight"])
    assert all(torch.equal(kept[name], value) for name, value in before.items())


@pytest.mark.parametrize("scheme", DRAWN)
def test_weights_follow_the_seed(scheme: Initialisation) -> None:
    one, same, other = (drawn(scheme, seed)["linear.weight"] for seed in (1, 1, 2))

    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_what_is_pretrained_stays_with_all_within_it() -> None:
    inner, outer = nn.Linear(4, 4), nn.Linear(4, 4)
    trained = nn.Sequential(inner)
    trained.pretrained = True  # type: ignore[assignment]
    before, fresh = inner.weight.clone(), outer.weight.clone()

    initialise(nn.Sequential(trained, outer), Initialisation.kaiming)

    assert torch.equal(inner.weight, before)
    assert inner.bias.any()
    assert not torch.equal(outer.weight, fresh)


def test_kaiming_keeps_the_size_of_activations_through_many_layers() -> None:
    layers = [layer for _ in range(20) for layer in (nn.Linear(256, 256), nn.ReLU())]
    deep = nn.Sequential(*layers)
    torch.manual_seed(0)
    rows = torch.randn(64, 256)
    small = deep(rows).square().mean()

    initialise(deep, Initialisation.kaiming)

    assert small < 0.01
    assert 0.2 < deep(rows).square().mean() < 5
