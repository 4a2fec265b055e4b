"""Starting from a trained network: the fields that every network has, whatever its layers are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import mlfw
from mlfw import UserError, limits
from mlfw.files import sha256

if TYPE_CHECKING:
    from torch import nn

    from mlfw_tabular import Fitting

MANIFEST = "manifest.json"
HEAD = "head"


@dataclass(kw_only=True)
class FineTuning(mlfw.Component):
    """What a network starts from, and which of its weights learn when and how fast.

    Attributes:
        init_from: Start from another run's saved model, with a new head: a run directory, a run's
            name, latest (the newest run that has finished), or the folder of a saved model. The
            columns must be the same, and are prepared as they were there.
        freeze: Whether only the head learns.
        unfreeze_every: After how many epochs one more block learns, from the head down to the
            input (Howard and Ruder 2018); null for all from the start.
        layer_decay: What the learning rate is multiplied by from each block to the one below it
            (Howard and Ruder 2018 take 1/2.6); 1 for the same everywhere.
        lora_rank: Let beside the head only so many directions of each linear layer of the blocks
            learn (LoRA, Hu et al. 2021); null for all. What is saved has plain weights.
        lora_alpha: How much these directions count: they are multiplied by lora_alpha / lora_rank.
    """

    init_from: str = field(default="", metadata=mlfw.run_field())
    freeze: bool = False
    unfreeze_every: int | None = field(default=None, metadata=limits(minimum=1))
    layer_decay: float = field(default=1.0, metadata=limits(above=0, maximum=1))
    lora_rank: int | None = field(default=None, metadata=limits(minimum=1))
    lora_alpha: int = field(default=16, metadata=limits(minimum=1))

    def check(self) -> None:
        """Check that what learns is said in one way only."""
        super().check()
        ways = {
            "freeze=true": self.freeze,
            f"unfreeze_every={self.unfreeze_every}": self.unfreeze_every is not None,
            f"lora_rank={self.lora_rank}": self.lora_rank is not None,
        }
        chosen = [f"model.{way}" for way, is_set in ways.items() if is_set]
        if len(chosen) > 1:
            raise UserError(
                f"{', '.join(chosen)}: each says by itself which weights learn.", "Keep one."
            )

    def fingerprint(self) -> str:
        """Return the checksum of the saved model to start from; empty without one."""
        manifest = Path(self.init_from) / MANIFEST
        return sha256(manifest) if self.init_from and manifest.is_file() else ""

    def fitting(self) -> Fitting:
        """Return how columns are prepared: as for the saved model to start from, if any.

        Raises:
            UserError: There is no such saved model, it is damaged, or it holds no network.
        """
        from mlfw_tabular import USUAL_FITTING

        if not self.init_from:
            return USUAL_FITTING
        from mlfw_lightning.fine_tuning.transfer import Transferred

        return Transferred.of(self.init_from)

    def start(self, network: nn.Module) -> list[str]:
        """Give a fresh network the weights that it starts from, in place.

        Called in every process of a training, before its first epoch and before a checkpoint is
        loaded.

        Args:
            network: What `Network.build` returned.

        Returns:
            Sentences that the user should read.

        Raises:
            UserError: What to start from is not there, damaged, or has no weights that fit.
        """
        if not self.init_from:
            return []
        from mlfw_lightning.fine_tuning.transfer import load_weights

        return load_weights(network, self.init_from)

    @property
    def learns_in_turn(self) -> bool:
        """Whether the weights that learn differ from epoch to epoch.

        Processes that share the work must then look in each step for those that do not
        (`find_unused_parameters` of DDP).
        """
        return self.unfreeze_every is not None
