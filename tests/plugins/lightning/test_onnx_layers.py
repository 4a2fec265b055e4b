"""Networks written as ONNX layer by layer compute what torch computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import ImageShape, InputShape, Network, TextShape
from mlfw_lightning.networks.cnn import CNN
from mlfw_lightning.networks.ft_transformer import FTTransformer
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.networks.perceptron import Perceptron
from mlfw_lightning.networks.resnet import ResNet
from mlfw_lightning.networks.transformer import Transformer
from mlfw_lightning.onnx_layers import add_module, is_convertible
from mlfw_onnx import Graph, Tensor
from mlfw_onnx.checks import check_graph
from mlfw_tabular.prepare.graph import GraphFeatures

NEAR = 1e-5
ROWS = (0, 1, 50)
NUMBERS = InputShape(7, (), 2)
COLUMNS = InputShape(3, (4, 200, 1), 6)
TEXTS = InputShape(2, (5,), 3, (TextShape(30, 8), TextShape(40, 3)))
GREY = ImageShape((1, 8, 10), (100.0,), (50.0,))
ALL = InputShape(0, (5,), 4, TEXTS.texts, (GREY,))
IMAGES = InputShape(0, (), 10, (), (ImageShape((3, 70, 66), (90.0,) * 3, (30.0,) * 3), GREY))
NETWORKS: dict[str, tuple[Network, tuple[InputShape, ...]]] = {
    "mlp": (MLP(width=16), (NUMBERS, COLUMNS, ALL)),
    "mlp without layers": (MLP(depth=0), (NUMBERS, ALL)),
    "resnet": (ResNet(width=16, depth=2), (COLUMNS, ALL)),
    "ft_transformer": (FTTransformer(width=16, heads=4, depth=2), (NUMBERS, COLUMNS, ALL)),
    "transformer": (Transformer(width=16, heads=2, depth=2), (TEXTS, ALL)),
    "cnn": (CNN(width=18), (IMAGES, ALL)),
}


def random_inputs(shape: InputShape, rows: int) -> Inputs:
    random = np.random.default_rng(0)
    texts = [random.integers(0, text.words, (rows, text.length)) for text in shape.texts]
    for text in texts:
        text[::2, 1:] = 0  # short ones
        text[::3] = 0  # and empty ones
    codes = [random.integers(0, each, rows) for each in shape.cardinalities]
    images = [random.integers(0, 256, (rows, *image.size)) for image in shape.images]
    return Inputs(
        torch.from_numpy(random.normal(size=(rows, shape.numbers)).astype(np.float32)),
        torch.from_numpy(np.stack([np.zeros(rows), *codes], 1)[:, 1:].astype(np.int32)),
        tuple(torch.from_numpy(text.astype(np.int32)) for text in texts),
        tuple(torch.from_numpy(image.astype(np.uint8)) for image in images),
    )


def flat(inputs: Inputs) -> list[np.ndarray]:
    tensors = (inputs.numbers, inputs.codes, *inputs.texts, *inputs.images)
    return [tensor.numpy() for tensor in tensors]


def session(
    add: Callable[[Sequence[Tensor]], Tensor],
    examples: Sequence[np.ndarray],
    shape: Sequence[int],
) -> ort.InferenceSession:
    """Return a session of a graph with an input for each array, for any number of rows."""
    graph = Graph()
    inputs = [
        graph.input(f"x{number}", example.dtype, ["rows", *example.shape[1:]])
        for number, example in enumerate(examples)
    ]
    graph.output(add(inputs), "y", ["rows", *shape])
    content = graph.model("test").SerializeToString()
    check_graph(content)
    return ort.InferenceSession(content, providers=["CPUExecutionProvider"])


def network_session(network: nn.Module, shape: InputShape) -> ort.InferenceSession:
    texts = len(shape.texts)

    def add(tensors: Sequence[Tensor]) -> Tensor:
        numbers, codes, *others = tensors
        features = GraphFeatures(numbers, codes, tuple(others[:texts]), tuple(others[texts:]))
        return add_module(network, features)

    return session(add, flat(random_inputs(shape, 1)), [shape.outputs])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_the_same_for_any_number_of_rows(name: str) -> None:
    model, shapes = NETWORKS[name]
    for shape in shapes:
        torch.manual_seed(0)
        network = model.build(shape).eval()
        assert is_convertible(network)
        made = network_session(network, shape)
        for rows in ROWS:
            inputs = random_inputs(shape, rows)
            (found,) = made.run(None, {f"x{n}": x for n, x in enumerate(flat(inputs))})
            with torch.inference_mode():
                wanted = network(inputs).numpy() if rows else np.zeros((0, shape.outputs))
            np.testing.assert_allclose(found, wanted, atol=NEAR, rtol=NEAR)


def on_vectors(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), *layers)


LAYERS = {
    "batch norm": on_vectors(nn.BatchNorm1d(8)),
    "batch norm without weights": on_vectors(nn.BatchNorm1d(8, affine=False)),
    "layer norm without weights": on_vectors(nn.LayerNorm(8, elementwise_affine=False)),
    "layer norm without bias": on_vectors(nn.LayerNorm(8, bias=False)),
    "linear without bias": nn.Linear(6, 4, bias=False),
    "gelu": on_vectors(nn.GELU()),
    "gelu by tanh": on_vectors(nn.GELU("tanh")),
    "activations": on_vectors(
        nn.SiLU(), nn.ELU(0.7), nn.LeakyReLU(0.2), nn.Tanh(), nn.Sigmoid(), nn.Softmax(1)
    ),
    "convolution of images": nn.Conv2d(4, 8, 3, (2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
    "group norm of images": nn.GroupNorm(2, 4),
    "max pool of images": nn.MaxPool2d(3, stride=2, padding=1),
    "batch norm of images": nn.Sequential(nn.BatchNorm2d(4), nn.Flatten()),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_torch_computes_the_same(name: str) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name]
    x = torch.randn(5, 4, 9, 8) if name.endswith("images") else torch.randn(5, 6)
    layer(x)  # running statistics
    for values in layer.parameters():
        nn.init.normal_(values)
    layer.eval()

    assert is_convertible(layer)
    with torch.inference_mode():
        wanted = layer(x).numpy()
    made = session(lambda inputs: add_module(layer, *inputs), [x.numpy()], wanted.shape[1:])
    (found,) = made.run(None, {"x0": x.numpy()})

    np.testing.assert_allclose(found, wanted, atol=NEAR, rtol=NEAR)


class OtherForward(Perceptron):
    """Computes otherwise than its base."""

    def forward(self, inputs: Inputs) -> torch.Tensor:
        return super().forward(inputs) + 1


class OtherFeatures(Perceptron):
    """Overrides what the base's `forward` calls."""

    def features(self, inputs: Inputs) -> torch.Tensor:
        return super().features(inputs) + 1


class OtherLinear(nn.Linear):
    """A layer of torch that computes otherwise."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + 1


def hooked() -> nn.Module:
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(lambda *_: None)
    return layer


@pytest.mark.parametrize(
    "module",
    [
        OtherForward(NUMBERS, width=4, depth=1, dropout=0.1),
        OtherFeatures(NUMBERS, width=4, depth=1, dropout=0.1),
        nn.Sequential(OtherLinear(2, 2)),
        nn.LSTM(2, 2),
        hooked(),
        nn.Embedding(3, 2, max_norm=1.0),
        nn.BatchNorm1d(2, track_running_stats=False),
        nn.Conv2d(1, 1, 3, padding="same"),
        nn.MaxPool2d(2, ceil_mode=True),
    ],
    ids=lambda module: type(module).__name__,
)
def test_what_is_computed_otherwise_is_left_to_torch(module: nn.Module) -> None:
    assert not is_convertible(module)


def test_a_subclass_that_only_builds_otherwise_is_known() -> None:
    class Wide(Perceptron):
        def __init__(self) -> None:
            super().__init__(NUMBERS, width=64, depth=1, dropout=0.0)

    assert is_convertible(Wide())
