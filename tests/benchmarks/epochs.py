"""Timing whole epochs of a training as `mlfw run` does it: progress, losses and checkpoints on."""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from typing import Any

from mlfw import FitContext
from mlfw_lightning import LightningTrainer
from mlfw_lightning.learner import Learner


def seconds_of_epochs(learner: Learner, epochs: int, **options: Any) -> float:
    """Return how long so many epochs take, after a first one that holds what is done once.

    Args:
        learner: What is trained.
        epochs: How many.
        options: Of the trainer; without any it trains on the CPU.
    """
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    chosen = {"accelerator": "cpu", **options}
    trainer = LightningTrainer(epochs=epochs + 1, patience=None, **chosen)
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        context = FitContext(
            trainer=trainer,
            seed=0,
            folder=Path(folder),
            report=lambda *_: ends.append(time.perf_counter()),
            progress=lambda *_: None,
        )
        trainer.train(learner, context)
    return ends[-1] - ends[0]
