"""Training an existing module in this process, alone or as one of several ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from torch import Tensor

from mlfw import Imports, UserError
from mlfw.components.imports import code_version
from mlfw.files import digest
from mlfw_lightning.existing.breaks import ExistingBreaks
from mlfw_lightning.existing.checkpoint_io import EpochIO
from mlfw_lightning.existing.data import DataModuleSource
from mlfw_lightning.existing.epochs import BestEpoch, EpochEnd
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.existing.plateau import Follower
from mlfw_lightning.existing.trainer import FULL, lightning_trainer
from mlfw_lightning.loop.checkpoint import Checkpoints
from mlfw_lightning.loop.clock import Clock
from mlfw_lightning.loop.randomness import seeded
from mlfw_lightning.loop.watch import Watch
from mlfw_lightning.mistakes import mistakes_told

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer


@dataclass(frozen=True)
class ExistingLearner:
    """An existing module and its data, as `LightningTrainer` takes them.

    Attributes:
        model: Builds the module.
        data: Builds the data module.
    """

    model: ExistingModule
    data: DataModuleSource

    def to_json(self) -> dict[str, Any]:
        """Return the learner as JSON data, without what it may import."""
        model = OmegaConf.to_container(OmegaConf.structured(self.model), enum_to_str=True)
        return {
            "model": model,
            "data": {"module": self.data.module, "options": dict(self.data.options)},
        }

    @classmethod
    def from_json(
        cls, model: ExistingModule, data: dict[str, Any], imports: Imports
    ) -> ExistingLearner:
        """Build a learner in a rank.

        Args:
            model: The model, as it is configured.
            data: The data's part of what `to_json` made.
            imports: What the rank's own command line allows to be imported.
        """
        return cls(model, DataModuleSource(data["module"], data["options"], imports))


def train_existing_here(
    options: LightningTrainer,
    learner: ExistingLearner,
    *,
    seed: int,
    folder: Path,
    keep: bool,
    watch: Watch,
    spent: float = 0.0,
) -> dict[str, Tensor]:
    """Train and return the state of the best epoch, or of the last where none is monitored.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        seed: What all randomness follows from.
        folder: Where checkpoints are kept, and what the module's own callbacks write.
        keep: Whether checkpoints are kept.
        watch: Whom to tell and to ask.
        spent: How many seconds the training has taken already.
    """
    model, objective = learner.model, learner.model.objective()
    checkpoints = Checkpoints(folder, _fingerprint(options, learner, seed)) if keep else None
    io = EpochIO(checkpoints)
    follower = Follower.of(options, model, objective, watch.note) if objective else None
    best = BestEpoch(objective, options.patience, follower)
    end = EpochEnd(io, seed=seed, best=best, report=watch.report)
    breaks = ExistingBreaks(watch, Clock(options.seconds, spent))
    with seeded(seed), mistakes_told(FULL):
        module = model.build(learner.data.imports)
        trainer = lightning_trainer(options, [end, best, breaks], folder=folder, plugins=[io])
        trainer.fit(module, datamodule=learner.data.build(), ckpt_path=io.resume_path())
    return _weights(best.state or module.state_dict(), model)


def _weights(state: Mapping[str, Any], model: ExistingModule) -> dict[str, Tensor]:
    """Return a module's state on the CPU, each tensor with memory of its own."""
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise UserError(
                f"model.module={model.module}: its state holds '{name}', which is a "
                f"{type(value).__name__} and no tensor; only tensors can be saved.",
                "Let get_extra_state return a tensor, or leave it out.",
            )
    return {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}


def _fingerprint(options: LightningTrainer, learner: ExistingLearner, seed: int) -> str:
    """Return what a training follows from; only the number of epochs may grow."""
    settings = {key: value for key, value in asdict(options).items() if key != "epochs"}
    versions = [code_version(target) for target in (learner.model.module, learner.data.module)]
    return digest([settings, learner.to_json(), versions, seed])
