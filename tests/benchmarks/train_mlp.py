"""How fast the network trains, against a plain PyTorch loop and Lightning over a DataLoader.

The set-up: a perceptron 20-64-64-2, 50,000 rows in memory, batches of 256, two threads, AdamW.
Rows per second of whole epochs; the loops take turns, so that a drift of the machine hits all.
"""

from __future__ import annotations

import logging
import time
import warnings

import pytorch_lightning as pl
import torch
from tests.benchmarks.epochs import seconds_of_epochs
from tests.benchmarks.processes import report
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from mlfw import Task
from mlfw_lightning import InputShape
from mlfw_lightning.heads import Head
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.networks.mlp import MLP
from mlfw_tabular.arrays import MemoryArrays
from mlfw_tabular.features import CODES, NUMBERS, TARGET

ROWS, COLUMNS, CLASSES, BATCH, EPOCHS, REPEATS = 50_000, 20, 2, 256, 5, 5
RATE, DECAY = 3e-3, 1e-2
NAMES = {"plain": "plain loop", "stock": "Lightning over a DataLoader"}


def _network() -> nn.Module:
    return MLP(width=64, depth=2, dropout=0.0).build(InputShape(COLUMNS, (), CLASSES))


def _seconds_plain(numbers: torch.Tensor, codes: torch.Tensor, target: torch.Tensor) -> float:
    network = _network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for index in torch.randperm(ROWS).split(BATCH):
            optimiser.zero_grad()
            loss = functional.cross_entropy(
                network(Inputs(numbers[index], codes[index])), target[index]
            )
            loss.backward()
            optimiser.step()
    return time.perf_counter() - start


def _seconds_mlfw(rows: MemoryArrays) -> float:
    model = MLP(
        width=64, depth=2, dropout=0.0, batch_size=BATCH, learning_rate=RATE, weight_decay=DECAY
    )
    few = MemoryArrays(rows.read(0, 256))
    head = Head(Task.binary, CLASSES)
    learner = Learner(model, InputShape(COLUMNS, (), CLASSES), (head,), rows, few)
    return seconds_of_epochs(learner, EPOCHS)


class _Stock(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.network = _network()

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        numbers, codes, target = batch
        return functional.cross_entropy(self.network(Inputs(numbers, codes)), target)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=RATE, weight_decay=DECAY)


class _Ends(pl.Callback):
    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.times.append(time.perf_counter())


def _seconds_stock(data: TensorDataset) -> float:
    ends = _Ends()
    loader = DataLoader(data, BATCH, shuffle=True)
    trainer = pl.Trainer(
        max_epochs=EPOCHS + 1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[ends],
    )
    trainer.fit(_Stock(), loader)
    return ends.times[-1] - ends.times[0]


def main() -> None:
    """Measure and print."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    torch.set_num_threads(2)
    torch.manual_seed(0)
    numbers = torch.randn(ROWS, COLUMNS)
    target = (numbers[:, 0] * numbers[:, 1] > 0).long()
    codes = torch.zeros(ROWS, 0, dtype=torch.int32)
    tensors = {NUMBERS: numbers, CODES: codes, f"{TARGET}/0": target}
    rows = MemoryArrays({name: tensor.numpy() for name, tensor in tensors.items()})
    loops = {
        "plain": lambda: _seconds_plain(numbers, codes, target),
        "mlfw": lambda: _seconds_mlfw(rows),
        "stock": lambda: _seconds_stock(TensorDataset(numbers, codes, target)),
    }
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(REPEATS):
        for name, loop in loops.items():
            speeds[name].append(ROWS * EPOCHS / loop())
    for other, aim in (("plain", "at least 0.8"), ("stock", "at least 2")):
        ratios = [a / b for a, b in zip(speeds["mlfw"], speeds[other], strict=True)]
        report(f"mlp, rows/s of mlfw / {NAMES[other]}", ratios, aim)


if __name__ == "__main__":
    main()
