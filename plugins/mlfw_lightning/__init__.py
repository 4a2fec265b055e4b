"""PyTorch Lightning: the trainer, networks on tables, and existing modules with their data.

Plugins may build on `Network` to bring any other network, and implement the hook
`mlfw_lightning_callbacks` to add Lightning callbacks to every training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw
from mlfw_lightning import hookspecs
from mlfw_lightning.existing.data import ExistingData
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.networks.cnn import CNN
from mlfw_lightning.networks.ft_transformer import FTTransformer
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.networks.resnet import ResNet
from mlfw_lightning.networks.transformer import Transformer
from mlfw_lightning.torch_deployer import TorchProgram
from mlfw_lightning.trainer import LightningTrainer

if TYPE_CHECKING:
    from types import ModuleType


@mlfw.hookimpl
def mlfw_hookspecs() -> ModuleType:
    """Add the hook for callbacks."""
    return hookspecs


@mlfw.hookimpl
def mlfw_models() -> dict[str, type[mlfw.Model]]:
    """Register the networks and existing modules."""
    return {
        "cnn": CNN,
        "ft_transformer": FTTransformer,
        "lightning": ExistingModule,
        "mlp": MLP,
        "resnet": ResNet,
        "transformer": Transformer,
    }


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register existing data modules."""
    return {"lightning": ExistingData}


@mlfw.hookimpl
def mlfw_trainers() -> dict[str, type[mlfw.Trainer]]:
    """Register the trainer."""
    return {"lightning": LightningTrainer}


@mlfw.hookimpl
def mlfw_deployers() -> dict[str, type[mlfw.Deployer]]:
    """Register the deployer that exports networks for PyTorch."""
    return {"torch": TorchProgram}


__all__ = ["InputShape", "LightningTrainer", "Network"]
