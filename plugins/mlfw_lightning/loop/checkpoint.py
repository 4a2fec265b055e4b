"""Checkpoints that are whole or not there, two of them, so that one is always good."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mlfw.components.trainer import untold
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
        note: Told which checkpoint is damaged.
    """

    folder: Path
    fingerprint: str
    note: Callable[[str], None] = untold

    def save(self, state: dict[str, Any]) -> None:
        """Write a state; drop all but it and the last one before it.

        Later ones are dropped too: they could not be read, or are of another training.

        Args:
            state: Data: after how many whole `epoch`s it was, and perhaps after how many `step`s
                of the next one.
        """
        content = io.BytesIO()
        torch.save({**state, "fingerprint": self.fingerprint}, content)
        name = f"epoch-{state['epoch']:06}-step-{state.get('step', 0):09}{SUFFIX}"
        write_bytes(self.folder / name, content.getvalue())
        files = self._files()
        end = files.index(self.folder / name) + 1
        for old in files[: max(end - KEPT, 0)] + files[end:]:
            old.unlink()

    def load(self) -> dict[str, Any] | None:
        """Return the last state that is whole and belongs to this training."""
        for path in reversed(self._files()):
            try:
                state = torch.load(path, weights_only=True, map_location="cpu")
            except Exception as error:
                logger.warning("%s cannot be read: %s", path, error)
                self.note(f"{path} is damaged; the training continues from the one before.")
                continue
            if state.get("fingerprint") == self.fingerprint:
                return dict(state)
        return None

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"epoch-*{SUFFIX}"))
