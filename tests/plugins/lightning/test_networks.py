"""Every network takes any columns and judges each row by itself."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from mlfw.components.search import default_space
from mlfw_lightning import InputShape, Network
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import ImageShape, TextShape
from mlfw_lightning.networks.cnn import CNN
from mlfw_lightning.networks.ft_transformer import FTTransformer
from mlfw_lightning.networks.fusion import Fusion
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.networks.resnet import ResNet
from mlfw_lightning.networks.transformer import Transformer

NETWORKS = [
    MLP(width=8),
    ResNet(width=8, depth=1),
    FTTransformer(width=16, depth=2),
    CNN(width=8),
    Transformer(width=8, depth=1),
]
LENGTH, WORDS = 6, 20
TEXT = TextShape(words=WORDS, length=LENGTH)
IMAGE = ImageShape(size=(3, 10, 12), mean=(120.0, 90.0, 60.0), deviation=(50.0, 40.0, 30.0))
ALL = InputShape(3, (4, 6), 5, (TEXT,), (IMAGE,))
SHAPES = {
    "numbers": InputShape(3, (), 2),
    "categories": InputShape(0, (4, 6), 2),
    "a text": InputShape(0, (), 2, (TEXT,)),
    "an image": InputShape(0, (), 2, (), (IMAGE,)),
    "two of each": InputShape(2, (3, 3), 2, (TEXT, TEXT), (IMAGE, IMAGE)),
}

networks = pytest.mark.parametrize("model", NETWORKS, ids=lambda model: type(model).__name__)


def inputs(shape: InputShape, rows: int) -> Inputs:
    """Return random inputs; the first text is empty."""
    codes = [torch.randint(0, size, (rows,)) for size in shape.cardinalities]
    texts = [torch.randint(0, text.words, (rows, text.length)).int() for text in shape.texts]
    for text in texts:
        text[:1] = 0
    return Inputs(
        torch.randn(rows, shape.numbers),
        torch.stack(codes, 1).int() if codes else torch.zeros(rows, 0).int(),
        tuple(texts),
        tuple(torch.randint(0, 256, (rows, *image.size)).byte() for image in shape.images),
    )


def fresh(model: Network, shape: InputShape) -> Fusion:
    torch.manual_seed(0)
    network = model.build(shape)
    assert isinstance(network, Fusion)
    return network


@networks
@pytest.mark.parametrize("columns", SHAPES)
def test_any_columns_give_scores_and_every_weight_learns(model: Network, columns: str) -> None:
    shape = SHAPES[columns]
    network = fresh(model, shape)

    scores = network(inputs(shape, 7))
    scores.square().sum().backward()

    assert scores.shape == (7, 2)
    assert scores.isfinite().all()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


@networks
def test_a_process_without_rows_takes_its_step_all_the_same(model: Network) -> None:
    network = fresh(model, ALL)

    scores = network(inputs(ALL, 0))
    scores.sum().backward()

    assert scores.shape == (0, 5)
    assert all(weight.grad is not None for weight in network.parameters())


@networks
def test_a_row_is_judged_by_itself_whatever_the_batch(model: Network) -> None:
    network = fresh(dataclasses.replace(model, dropout=0.0), ALL)  # training mode mixes no rows
    rows = inputs(ALL, 9)

    together = network(rows)
    alone = torch.cat([network(rows.rows(slice(i, i + 1))) for i in range(9)])

    assert torch.allclose(together, alone, atol=1e-5)


@networks
def test_blocks_hold_every_weight_but_the_heads_once(model: Network) -> None:
    network = fresh(model, ALL)
    held = [id(weight) for block in network.blocks() for weight in block.parameters()]
    rest = [id(w) for name, w in network.named_parameters() if not name.startswith("head.")]

    assert sorted(held) == sorted(rest)
    assert torch.equal(network(inputs(ALL, 0)), network.head(network.features(inputs(ALL, 0))))


@networks
def test_whatever_is_searched_without_a_word_can_be_built(model: Network) -> None:
    space = default_space(type(model))

    assert {"learning_rate", "width", "depth", "dropout"} <= set(space)
    for name, own in space.items():
        for value in own.grid(3):
            tried = dataclasses.replace(type(model)(), **{name: value})
            tried.check()
            if name in ("width", "depth", "hidden"):
                assert fresh(tried, SHAPES["two of each"])(inputs(SHAPES["two of each"], 1)).shape


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (28, 28), (65, 9), (224, 224)])
def test_images_of_any_size_are_read(size: tuple[int, int], channels: int) -> None:
    image = ImageShape((channels, *size), (99.0,) * channels, (50.0,) * channels)
    shape = InputShape(0, (), 3, (), (image,))

    scores = fresh(CNN(width=4), shape)(inputs(shape, 2))

    assert scores.shape == (2, 3)
    assert scores.isfinite().all()


def test_padding_says_nothing_about_a_text() -> None:
    short, long = (InputShape(0, (), 2, (TextShape(WORDS, length),)) for length in (4, 9))
    network, longer = fresh(Transformer(), short).eval(), fresh(Transformer(), long).eval()
    weights = network.state_dict()
    positions = "columns.texts.0.positions.weight"
    own = longer.state_dict()[positions]
    own[:4] = weights.pop(positions)
    longer.load_state_dict({**weights, positions: own})
    words = torch.randint(1, WORDS, (5, 4)).int()
    padded = torch.cat([words, torch.zeros(5, 5).int()], dim=1)

    def scores(net: Fusion, text: Tensor) -> Tensor:
        rows = len(text)
        return net(Inputs(torch.zeros(rows, 0), torch.zeros(rows, 0).int(), (text,)))

    assert torch.allclose(scores(network, words), scores(longer, padded), atol=1e-6)


def test_fewer_large_rows_are_looked_at_at_a_time() -> None:
    large = ImageShape((3, 224, 224), (0.0,) * 3, (1.0,) * 3)
    book = TextShape(words=10_000, length=256)

    assert InputShape(20, (), 2).rows_at_once == 8192
    assert InputShape(0, (), 2, (book,)).rows_at_once == 256
    assert 1 <= InputShape(0, (), 2, (), (large,)).rows_at_once <= 32
    assert InputShape(0, (), 2, (), (large,) * 1000).rows_at_once == 1
