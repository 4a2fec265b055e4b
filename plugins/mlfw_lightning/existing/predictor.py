"""What is left of training an existing module: its weights, and how to measure them."""

from __future__ import annotations

from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.utilities.model_helpers import is_overridden
from safetensors.torch import load, save
from torch import Tensor

import mlfw
from mlfw import FitContext, UserError
from mlfw.components.splits import VALIDATION
from mlfw.files import write_bytes
from mlfw_lightning.existing.data import DataModuleSource
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.existing.trainer import FULL, lightning_trainer
from mlfw_lightning.loop.randomness import seeded
from mlfw_lightning.mistakes import mistakes_told
from mlfw_lightning.trainer import LightningTrainer

WEIGHTS = "weights.safetensors"


class ExistingPredictor(mlfw.OpaquePredictor):
    """The weights of an existing module.

    Attributes:
        model: The component that builds the module.
        weights: The module's state by name.
    """

    def __init__(self, model: ExistingModule, weights: dict[str, Tensor]) -> None:
        self.model = model
        self.weights = weights

    def measure(self, data: DataModuleSource, split: str, context: FitContext) -> dict[str, float]:
        """Return what the module logs when Lightning validates or tests it.

        One device does, so that every item counts once.
        """
        assert isinstance(context.trainer, LightningTrainer)
        step = "validation" if split == VALIDATION else "test"
        loader = "val_dataloader" if split == VALIDATION else "test_dataloader"
        with seeded(context.seed), mistakes_told(FULL):
            module, loaders = self.model.build(context.imports), data.build()
            if not (is_overridden(f"{step}_step", module) and is_overridden(loader, loaders)):
                return {}
            trainer = lightning_trainer(
                context.trainer,
                [_Weights(self.weights, f"model.module={self.model.module}")],
                folder=context.folder,
                devices=1,
            )
            run = trainer.validate if split == VALIDATION else trainer.test
            logged = run(module, datamodule=loaders, verbose=False)
        return {name: float(value) for values in logged for name, value in values.items()}

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors."""
        write_bytes(folder / WEIGHTS, save(self.weights))

    @classmethod
    def load(cls, model: ExistingModule, folder: Path) -> ExistingPredictor:
        """Read what `save` wrote."""
        return cls(model, load((folder / WEIGHTS).read_bytes()))


class _Weights(pl.Callback):
    """Gives a module its weights once Lightning has set it up, which may add layers."""

    def __init__(self, weights: dict[str, Tensor], place: str) -> None:
        self.weights = weights
        self.place = place

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Load the weights."""
        self._load(pl_module)

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Load the weights."""
        self._load(pl_module)

    def _load(self, module: pl.LightningModule) -> None:
        try:
            module.load_state_dict(self.weights, strict=module.strict_loading)
        except RuntimeError as error:
            raise UserError(
                f"{self.place}: the saved weights do not fit the module: "
                f"{' '.join(str(error).split())[:300]}",
                "Use the version of its code that was trained, or train again.",
            ) from None
