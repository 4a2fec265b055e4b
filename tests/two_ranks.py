"""Training as one of two ranks, again and again in one process, stopped after every step.

Run as `python two_ranks.py OUT WORKERS STRATEGY` with a rank's environment. Rank 0 writes for every
step whether the training that was stopped there and continued has ended as the one that was not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

EPOCHS, STEPS = 3, 3


def main(out: Path, workers: int, strategy: str) -> None:
    """Train as a whole, then stopped after each step in turn."""
    import torch

    from mlfw import FitContext, LoadContext, Rank, StopRequested
    from mlfw.files import write_json
    from mlfw_lightning import LightningTrainer
    from mlfw_lightning.learner import Learner
    from mlfw_lightning.loop import steps
    from mlfw_lightning.loop.process import train_here
    from mlfw_lightning.loop.watch import Watch, never
    from mlfw_lightning.networks.mlp import MLP
    from mlfw_sklearn.dataset import Bundled, SklearnDataset

    steps.MOST_STEPS = 1  # so that the ranks ask one another after every step
    rank, data = int(os.environ["RANK"]), SklearnDataset(name=Bundled.iris).load(LoadContext())
    options = LightningTrainer(
        accelerator="cpu", devices=2, epochs=EPOCHS, patience=None, workers=workers,
        strategy=strategy,
    )  # fmt: skip
    model = MLP(dropout=0.3, batch_size=32, width=384)

    def train(folder: Path, stopping: Callable[[], bool]) -> tuple[dict[str, Any], list[Any]]:
        told: list[Any] = []
        context = FitContext(trainer=options, seed=0, folder=folder, report=lambda *_: None)
        learner, _ = Learner.of(model, data, context)
        watch = Watch(stopping=stopping, report=lambda *epoch: told.append(epoch))
        this = Rank(rank, 2)
        return train_here(options, learner, seed=0, folder=folder, watch=watch, rank=this), told

    whole, epochs = train(out.parent / "whole", never)
    same = []
    for step in range(1, EPOCHS * STEPS + 1):
        folder, asked = out.parent / f"{workers}-{step}", [0]

        def stopping(step: int = step, asked: list[int] = asked) -> bool:
            asked[0] += 1
            return rank == 0 and asked[0] == step

        try:
            train(folder, stopping)
        except StopRequested:
            continued, rest = train(folder, never)
            equal = all(torch.equal(continued[name], value) for name, value in whole.items())
            same.append(equal and rest == epochs[(step - 1) // STEPS :])
    if rank == 0:
        write_json(out, same)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
