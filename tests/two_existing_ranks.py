"""Training existing modules as one of two ranks, stopped and continued, in one process.

Run as `python two_existing_ranks.py FOLDER STRATEGY` with a rank's environment and the package
`blobs` on PYTHONPATH. Nothing may be unpickled meanwhile. Rank 0 writes into FOLDER/out.json for
every module whether the training that was stopped and continued has ended as the one that was not.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

MODULES = {"Net": "val_loss", "Tied": "val_loss", "Late": "val_loss", "Unvalidated": None}
EPOCHS, STOPPED = 4, 3


def refuse(*_: Any, **__: Any) -> NoReturn:
    """Refuse to be called."""
    raise RuntimeError("objects are pickled")


def main(folder: Path, strategy: str) -> None:
    """Train each module as a whole, then stopped in its third epoch."""
    import torch

    from mlfw import Imports, Rank, StopRequested
    from mlfw.files import write_json
    from mlfw_lightning import LightningTrainer
    from mlfw_lightning.existing.data import DataModuleSource
    from mlfw_lightning.existing.fit import ExistingLearner, train_existing_here
    from mlfw_lightning.existing.module import ExistingModule
    from mlfw_lightning.loop.watch import Watch, never
    from mlfw_lightning.ranks.rendezvous import process_group

    pickle.loads = refuse
    for name in ("broadcast_object_list", "all_gather_object", "gather_object"):
        setattr(torch.distributed, name, refuse)
        setattr(torch.distributed.distributed_c10d, name, refuse)
    number, imports = int(os.environ["RANK"]), Imports.of(["blobs"])
    options = LightningTrainer(
        accelerator="cpu", devices=2, strategy=strategy, epochs=EPOCHS, gradient_clip=0.5
    )

    def train(name: str, place: str, stopping: Callable[[], bool] = never) -> tuple[Any, list[Any]]:
        told: list[Any] = []
        model = ExistingModule(module=f"blobs.nets:{name}", monitor=MODULES[name])
        weights = train_existing_here(
            options,
            ExistingLearner(model, DataModuleSource("blobs.data:Blobs", {}, imports)),
            seed=0,
            folder=folder / f"{name}-{place}",
            keep=True,
            watch=Watch(report=lambda *epoch: told.append(epoch), stopping=stopping),
        )
        return weights, told

    same = {}
    with process_group(options, Rank(number, 2, number, (folder / "store").as_uri())):
        for name in MODULES:
            whole, epochs = train(name, "whole")
            asked = [0]

            def stopping(asked: list[int] = asked) -> bool:
                asked[0] += 1
                return number == 0 and asked[0] == STOPPED  # it is asked once an epoch

            try:
                train(name, "stopped", stopping)
            except StopRequested:
                continued, rest = train(name, "stopped")
                equal = all(torch.equal(continued[key], value) for key, value in whole.items())
                same[name] = equal and rest == epochs[STOPPED - 1 :]
    if number == 0:
        write_json(folder / "out.json", same)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
