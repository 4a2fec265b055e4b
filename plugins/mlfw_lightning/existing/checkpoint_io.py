"""Lightning's checkpoints, written and read in the project's own way."""

from __future__ import annotations

import io
import pickle
from typing import Any

import torch
from lightning_fabric.plugins import CheckpointIO

from mlfw import UserError
from mlfw_lightning.loop.checkpoint import Checkpoints

# The module is built from its configured options; what it notes of them may be any object.
LEFT_OUT = ("hyper_parameters", "hparams_name", "hparams_type")


class EpochIO(CheckpointIO):
    """Writes a training's state whole or not at all, as data, and reads the last good one.

    Attributes:
        state: What a training continues from, if there is such.
    """

    def __init__(self, checkpoints: Checkpoints | None) -> None:
        self.checkpoints = checkpoints
        self.state = checkpoints.load() if checkpoints else None
        self._tried = False

    def resume_path(self) -> str | None:
        """Return what to give Lightning as the checkpoint to continue from."""
        return "the last good checkpoint" if self.state else None

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: Any,  # noqa: ARG002 - Lightning's signature
        storage_options: Any = None,  # noqa: ARG002
    ) -> None:
        """Write a state after an epoch.

        Raises:
            UserError: It holds objects that are not data.
        """
        assert self.checkpoints is not None
        kept = {key: value for key, value in checkpoint.items() if not key.endswith(LEFT_OUT)}
        if not self._tried:
            _check_data(kept)
            self._tried = True
        self.checkpoints.save(kept)

    def load_checkpoint(
        self,
        path: Any,  # noqa: ARG002 - Lightning's signature
        map_location: Any = None,  # noqa: ARG002
        weights_only: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the state to continue from, without the loops' counters; see `EpochEnd`."""
        assert self.state is not None
        return {key: value for key, value in self.state.items() if key != "loops"}

    def remove_checkpoint(self, path: Any) -> None:
        """Do nothing: old checkpoints go when new ones come."""


def _check_data(state: dict[str, Any]) -> None:
    """Check that a state can be read again as data, which is all that is ever read."""
    content = io.BytesIO()
    torch.save(state, content)
    content.seek(0)
    try:
        torch.load(content, weights_only=True)
    except pickle.UnpicklingError as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"trainer.checkpoint: the module or one of its callbacks keeps objects in "
            f"checkpoints that are not data: {reason}",
            "Keep numbers, texts and tensors there, or set trainer.checkpoint=false.",
        ) from None
