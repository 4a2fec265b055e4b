"""Checkpoints that are whole or not there, two of them, so that one is always good."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mlfw.files import write_bytes

logger = logging.getLogger("mlfw")
SUFFIX = ".ckpt"
KEPT = 2


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training.

    Attributes:
        folder: Where they lie.
        fingerprint: What the training follows from; a checkpoint of another one is not used.
    """

    folder: Path
    fingerprint: str

    def save(self, state: dict[str, Any]) -> None:
        """Write the state after an epoch and drop all but the last two."""
        content = io.BytesIO()
        torch.save({**state, "fingerprint": self.fingerprint}, content)
        write_bytes(self.folder / f"epoch-{state['epoch']:06}{SUFFIX}", content.getvalue())
        for old in self._files()[:-KEPT]:
            old.unlink()

    def load(self) -> dict[str, Any] | None:
        """Return the last state that is whole and belongs to this training."""
        for path in reversed(self._files()):
            try:
                state = torch.load(path, weights_only=True, map_location="cpu")
            except Exception as error:
                logger.warning("%s is damaged and not used: %s", path, error)
                continue
            if state.get("fingerprint") == self.fingerprint:
                return dict(state)
        return None

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"epoch-*{SUFFIX}"))
