"""The model `lightning`: an existing LightningModule."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import FitContext, Imports, Objective
from mlfw_lightning.existing.code import build, load_class
from mlfw_lightning.existing.data import DataModuleSource

if TYPE_CHECKING:
    from pytorch_lightning import LightningModule

    from mlfw_lightning.existing.predictor import ExistingPredictor


class Mode(StrEnum):
    """Whether a smaller or a larger value is a better one."""

    min = "min"
    max = "max"


@dataclass(kw_only=True)
class ExistingModule(mlfw.OpaqueModel):
    """An existing LightningModule, run unchanged with an existing LightningDataModule.

    Its code is imported only where the command line allows it: `--allow-import PACKAGE`. It is
    measured by what it logs in validation and in test. What is saved are its weights; its code is
    not. `mlfw evaluate` measures it again; it takes no table, so it neither predicts nor serves.

    Attributes:
        module: The class, as package.module:Class, of an installed package.
        options: What its constructor is called with: model.options.NAME=VALUE.
        monitor: Which of the values that it logs in validation decides which epoch was best, when
            to stop, and which trial of a tuner won; null to keep the last epoch.
        mode: Whether a smaller (min) or a larger (max) value of it is a better one.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "pytorch_lightning", "safetensors")
    extra: ClassVar[str] = "lightning"
    takes: ClassVar[tuple[type, ...]] = (DataModuleSource,)
    uses_trainer: ClassVar[bool] = True

    module: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    monitor: str | None = "val_loss"
    mode: Mode = Mode.min

    def code(self) -> dict[str, str]:
        """Return the class."""
        return {"module": self.module}

    def objective(self) -> Objective | None:
        """Return the monitored value."""
        if self.monitor is None:
            return None
        return Objective(self.monitor, higher_is_better=self.mode is Mode.max)

    def check_code(self, imports: Imports) -> None:
        """Check that the class is there and that its constructor takes the options."""
        self._load_class(imports)

    def build(self, imports: Imports) -> LightningModule:
        """Return a fresh module, its weights drawn from the random numbers at hand.

        Raises:
            UserError: Its class is not there or does not take the options, or its constructor
                raises.
        """
        return build("model", self.module, self._load_class(imports), self.options)

    def _load_class(self, imports: Imports) -> type[LightningModule]:
        from pytorch_lightning import LightningModule

        return load_class("model", self.module, self.options, LightningModule, imports)

    def fit(self, data: DataModuleSource, context: FitContext) -> ExistingPredictor:
        """Train the module through the trainer, which must be `lightning`."""
        from mlfw_lightning.existing.fit import ExistingLearner
        from mlfw_lightning.existing.predictor import ExistingPredictor

        weights = context.trainer.train(ExistingLearner(self, data), context)
        return ExistingPredictor(self, weights)

    def restore(self, folder: Path, imports: Imports) -> ExistingPredictor:
        """Read the weights that the predictor has saved."""
        from mlfw_lightning.existing.predictor import ExistingPredictor

        self.check_code(imports)
        return ExistingPredictor.load(self, folder)
