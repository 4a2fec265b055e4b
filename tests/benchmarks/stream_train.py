"""Training the network for some epochs on a Parquet folder, streamed or in memory.

Run as `python stream_train.py FOLDER WORK streamed|memory EPOCHS`; prints the training rows per
second of the epochs after the first, and the peak memory in megabytes.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path


def main(source: Path, work: Path, streamed: bool, epochs: int) -> None:
    """Prepare and train."""
    from mlfw import FitContext, LoadContext
    from mlfw.pipeline.splits_file import load_splits, save_splits
    from mlfw_lightning import LightningTrainer
    from mlfw_lightning.networks.mlp import MLP
    from mlfw_tabular.parquet import Parquet

    folder = work / "splits"
    folder.mkdir(parents=True)
    dataset = Parquet(path=[str(source)], target=["target"], stream=streamed)
    save_splits(dataset.load(LoadContext(folder=folder)), folder)
    data = load_splits(folder)
    ends: list[float] = []
    context = FitContext(
        trainer=LightningTrainer(epochs=epochs + 1, patience=None, accelerator="cpu"),
        seed=0,
        folder=work,
        report=lambda *_: ends.append(time.perf_counter()),
    )
    MLP(width=64, depth=2, batch_size=1024).fit(data, context)
    rate = data.count("train") * epochs / (ends[-1] - ends[0])
    print(rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "streamed", int(sys.argv[4]))
