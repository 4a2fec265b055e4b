"""PyTorch Lightning: the trainer, networks on tables, and existing modules with their data.

Plugins may build on:

- `LightningTrainer`, which trains them;
- `Network` and `InputShape` (with `TextShape` and `ImageShape`), to bring any other network, and
  the hook `mlfw_lightning_callbacks`, to add Lightning callbacks to every training;
- the parts of the built-in networks: `Encoder` (of one kind of columns), `Columns` (numbers and
  categories), `MeanOfWords` (texts), `images_beside` and `Normalise` (images), `Fusion` (several
  encoders) and `hidden_layers`;
- `NetworkPredictor` (a fitted network), `OnnxNetwork` (the same, run by ONNX Runtime) and
  `network_of` (that of a saved model);
- `export_program` (a network as a program of `torch.export`) with `program_inputs`,
  `program_notes`, `target_outputs`, `exporting_network` and `ProgramComparison`.
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

    from mlfw_lightning.comparison import ProgramComparison
    from mlfw_lightning.network import ImageShape, TextShape
    from mlfw_lightning.networks.encoders.columns import Columns
    from mlfw_lightning.networks.encoders.encoder import Encoder
    from mlfw_lightning.networks.encoders.image_resnet import images_beside
    from mlfw_lightning.networks.encoders.pixels import Normalise
    from mlfw_lightning.networks.encoders.words import MeanOfWords
    from mlfw_lightning.networks.fusion import Fusion
    from mlfw_lightning.networks.perceptron import hidden_layers
    from mlfw_lightning.portable import OnnxNetwork
    from mlfw_lightning.predictor import NetworkPredictor
    from mlfw_lightning.program import (
        export_program,
        exporting_network,
        network_of,
        program_inputs,
        program_notes,
        target_outputs,
    )


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


@mlfw.hookimpl
def mlfw_jobs() -> dict[str, str | mlfw.JobFunction]:
    """Register the job of one rank of a training."""
    return {"lightning_rank": "mlfw_lightning.ranks.rank_job:rank_job"}


__getattr__ = mlfw.lazy_names(
    __name__,
    {
        "comparison": ["ProgramComparison"],
        "network": ["ImageShape", "TextShape"],
        "networks.encoders.columns": ["Columns"],
        "networks.encoders.encoder": ["Encoder"],
        "networks.encoders.image_resnet": ["images_beside"],
        "networks.encoders.pixels": ["Normalise"],
        "networks.encoders.words": ["MeanOfWords"],
        "networks.fusion": ["Fusion"],
        "networks.perceptron": ["hidden_layers"],
        "portable": ["OnnxNetwork"],
        "predictor": ["NetworkPredictor"],
        "program": [
            "export_program",
            "exporting_network",
            "network_of",
            "program_inputs",
            "program_notes",
            "target_outputs",
        ],
    },
)
__all__ = [
    "Columns",
    "Encoder",
    "Fusion",
    "ImageShape",
    "InputShape",
    "LightningTrainer",
    "MeanOfWords",
    "Network",
    "NetworkPredictor",
    "Normalise",
    "OnnxNetwork",
    "ProgramComparison",
    "TextShape",
    "export_program",
    "exporting_network",
    "hidden_layers",
    "images_beside",
    "network_of",
    "program_inputs",
    "program_notes",
    "target_outputs",
]
