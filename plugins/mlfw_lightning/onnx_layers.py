"""Modules of torch as nodes of an ONNX graph, layer by layer, without torch's exporter.

A module of a plugin has a method `add_to_graph` beside its `forward`; of torch's own layers, those
in `LAYERS` are known. A network of these alone is written in milliseconds, for any number of rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from mlfw_onnx import Tensor, arrays

METHOD = "add_to_graph"


@runtime_checkable
class GraphModule(Protocol):
    """A module that can be added to an ONNX graph."""

    def add_to_graph(self, *inputs: Any) -> Tensor:
        """Add to a graph what `forward` computes in evaluation mode, for any number of rows.

        Args:
            inputs: The arguments of `forward` as tensors of a graph; a network gets
                `mlfw_tabular.prepare.graph.GraphFeatures` in place of `Inputs`.
        """


def is_convertible(network: nn.Module) -> bool:
    """Return whether `add_module` knows a module and all modules in it."""
    return all(map(_is_known, network.modules()))


def add_module(module: nn.Module, *inputs: Any) -> Tensor:
    """Add to an ONNX graph what a module computes in evaluation mode.

    Args:
        module: A module that is convertible.
        inputs: Its arguments; see `GraphModule.add_to_graph`.

    Returns:
        What `forward` returns.
    """
    if _has_method(module):
        assert isinstance(module, GraphModule)
        return module.add_to_graph(*inputs)
    made: Tensor = LAYERS[_kind(module)](module, *inputs)
    return made


def weights(values: torch.Tensor, x: Tensor) -> Tensor:
    """Return a tensor of torch as a constant of the graph that `x` belongs to."""
    return x.graph.constant(values.detach().cpu().numpy())


def _is_known(module: nn.Module) -> bool:
    if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
        return False
    kind = _kind(module)
    if _has_method(module) or kind is nn.Module:
        return True
    return kind in LAYERS and not _has_rare_option(module)


def _kind(module: nn.Module) -> type[nn.Module]:
    """Return the known layer that a module computes, or else the class that defines `forward`.

    This class is `nn.Module` for a mere container.
    """
    ancestors = type(module).__mro__
    return next(each for each in ancestors if each in LAYERS or "forward" in vars(each))


def _has_method(module: nn.Module) -> bool:
    """Return whether a module has the method, and no subclass overrides another one alone."""
    ancestors = type(module).__mro__
    number = next((n for n, each in enumerate(ancestors) if METHOD in vars(each)), len(ancestors))
    if number > ancestors.index(_kind(module)):
        return False
    own = {name for name, value in vars(ancestors[number]).items() if callable(value)}
    below = {name for each in ancestors[:number] for name in vars(each)}
    return not {name for name in own & below if not name.startswith("__")}


def _has_rare_option(layer: nn.Module) -> bool:
    """Return whether a layer of torch has an option that its form here ignores."""
    if isinstance(layer, nn.Embedding):
        return layer.max_norm is not None
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        return layer.running_mean is None
    if isinstance(layer, nn.Conv2d):
        return isinstance(layer.padding, str) or layer.padding_mode != "zeros"
    if isinstance(layer, nn.MaxPool2d):
        return layer.return_indices or layer.ceil_mode
    if isinstance(layer, nn.Flatten):
        return (layer.start_dim, layer.end_dim) != (1, -1)
    return isinstance(layer, nn.Softmax) and layer.dim is None


def _sequential(layers: nn.Sequential, x: Tensor) -> Tensor:
    for layer in layers:
        x = add_module(layer, x)
    return x


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    product = x @ weights(layer.weight.T, x)
    return product if layer.bias is None else product + weights(layer.bias, x)


def _embedding(layer: nn.Embedding, codes: Tensor) -> Tensor:
    return weights(layer.weight, codes)[codes]


def _convolution(layer: nn.Conv2d, x: Tensor) -> Tensor:
    parts = [weights(part, x) for part in (layer.weight, layer.bias) if part is not None]
    return x.graph.op(
        "Conv",
        x,
        *parts,
        strides=layer.stride,
        dilations=layer.dilation,
        group=layer.groups,
        pads=_both_ends(layer.padding),
    )


def _max_pool(layer: nn.MaxPool2d, x: Tensor) -> Tensor:
    return x.graph.op(
        "MaxPool",
        x,
        kernel_shape=_pair(layer.kernel_size),
        strides=_pair(layer.stride),
        dilations=_pair(layer.dilation),
        pads=_both_ends(layer.padding),
    )


def _layer_norm(layer: nn.LayerNorm, x: Tensor) -> Tensor:
    shape = layer.normalized_shape
    scale, shift = _scale_and_shift(layer, shape, x)
    return x.graph.op("LayerNormalization", x, scale, shift, axis=-len(shape), epsilon=layer.eps)


def _batch_norm(layer: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    assert layer.running_mean is not None
    assert layer.running_var is not None
    scale, shift = _scale_and_shift(layer, (layer.num_features,), x)
    learnt = [weights(part, x) for part in (layer.running_mean, layer.running_var)]
    return x.graph.op("BatchNormalization", x, scale, shift, *learnt, epsilon=layer.eps)


def _group_norm(layer: nn.GroupNorm, x: Tensor) -> Tensor:
    """Normalise images, float [rows, channels, height, width].

    `GroupNormalization` has one scale a group before operator set 21, where torch has one a
    channel.
    """
    graph, groups = x.graph, layer.num_groups
    shape = graph.op("Shape", x, dtype=arrays.int64)
    divided = [shape[:1], graph.integers([groups, layer.num_channels // groups]), shape[2:]]
    apart = graph.op("Reshape", x, arrays.concatenate(divided))
    ones, zeros = graph.constant([1.0] * groups, x.dtype), graph.constant([0.0] * groups, x.dtype)
    normed = graph.op("InstanceNormalization", apart, ones, zeros, epsilon=layer.eps)
    joined = graph.op("Reshape", normed, shape)
    scale, shift = _scale_and_shift(layer, (layer.num_channels, 1, 1), x)
    return joined * scale + shift


def _scale_and_shift(layer: Any, shape: Sequence[int], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a norm multiplies with and adds, both of a shape."""
    scale = torch.ones(*shape) if layer.weight is None else layer.weight.reshape(*shape)
    shift = torch.zeros(*shape) if layer.bias is None else layer.bias.reshape(*shape)
    return weights(scale, x), weights(shift, x)


def _gelu(layer: nn.GELU, x: Tensor) -> Tensor:
    if layer.approximate == "tanh":
        inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
        return x * 0.5 * (arrays.tanh(inner) + 1.0)
    return x * 0.5 * (x.graph.op("Erf", x * math.sqrt(0.5)) + 1.0)


def _flatten(_: nn.Flatten, x: Tensor) -> Tensor:
    return x.graph.op("Flatten", x, axis=1)


def _softmax(layer: nn.Softmax, x: Tensor) -> Tensor:
    assert layer.dim is not None
    return arrays.softmax(x, layer.dim)


def _pair(size: int | Sequence[int]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


def _both_ends(padding: Any) -> list[int]:
    return _pair(padding) * 2


LAYERS: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Conv2d: _convolution,
    nn.Dropout: lambda _, x: x,
    nn.ELU: lambda layer, x: x.graph.op("Elu", x, alpha=layer.alpha),
    nn.Embedding: _embedding,
    nn.Flatten: _flatten,
    nn.GELU: _gelu,
    nn.GroupNorm: _group_norm,
    nn.Identity: lambda _, x: x,
    nn.LayerNorm: _layer_norm,
    nn.LeakyReLU: lambda layer, x: x.graph.op("LeakyRelu", x, alpha=layer.negative_slope),
    nn.Linear: _linear,
    nn.MaxPool2d: _max_pool,
    nn.ReLU: lambda _, x: x.graph.op("Relu", x),
    nn.Sequential: _sequential,
    nn.SiLU: lambda _, x: x * x.graph.op("Sigmoid", x),
    nn.Sigmoid: lambda _, x: x.graph.op("Sigmoid", x),
    nn.Softmax: _softmax,
    nn.Tanh: lambda _, x: arrays.tanh(x),
}
