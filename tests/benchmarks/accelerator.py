"""How fast a compiled network trains in bfloat16 on an accelerator, against a plain PyTorch loop.

The set-up: a perceptron 256-2048-2048-2048-10, 400,000 rows that lie on the device, batches of
8,192, AdamW, autocast to bfloat16 and torch.compile on both sides. Rows per second of whole epochs
after a first one, in which both compile. Without an accelerator nothing is measured.
"""

from __future__ import annotations

import time
import warnings

import torch
from tests.benchmarks.epochs import seconds_of_epochs
from tests.benchmarks.processes import report
from torch import nn
from torch.nn import functional

from mlfw import Task
from mlfw_lightning import InputShape
from mlfw_lightning.heads import Head
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.networks.mlp import MLP
from mlfw_tabular.arrays import MemoryArrays
from mlfw_tabular.features import CODES, NUMBERS, TARGET

ROWS, COLUMNS, CLASSES, BATCH, WIDTH, DEPTH = 400_000, 256, 10, 8192, 2048, 3
EPOCHS, REPEATS = 5, 5
RATE, DECAY = 1e-3, 1e-2


def _network() -> nn.Module:
    return MLP(width=WIDTH, depth=DEPTH, dropout=0.0).build(InputShape(COLUMNS, (), CLASSES))


def _waited(device: torch.device) -> float:
    """Return the time once the device has done all that it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
    return time.perf_counter()


def _seconds_plain(rows: dict[str, torch.Tensor], device: torch.device) -> float:
    network = _network().to(device)
    compiled = torch.compile(network)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY, fused=True)
    here = {name: tensor.to(device) for name, tensor in rows.items()}
    start = 0.0
    for epoch in range(EPOCHS + 1):
        if epoch == 1:
            start = _waited(device)
        for index in torch.randperm(len(rows[NUMBERS])).to(device).split(BATCH):
            optimiser.zero_grad()
            with torch.autocast(device.type, torch.bfloat16):
                scores = compiled(Inputs(here[NUMBERS][index], here[CODES][index]))
                loss = functional.cross_entropy(scores, here[f"{TARGET}/0"][index])
            loss.backward()
            optimiser.step()
    return _waited(device) - start


def _seconds_mlfw(rows: dict[str, torch.Tensor], device: torch.device) -> float:
    arrays = MemoryArrays({name: tensor.numpy() for name, tensor in rows.items()})
    model = MLP(
        width=WIDTH, depth=DEPTH, dropout=0.0,
        batch_size=BATCH, learning_rate=RATE, weight_decay=DECAY,
    )  # fmt: skip
    head = Head(Task.multiclass, CLASSES)
    few = MemoryArrays(arrays.read(0, BATCH))
    learner = Learner(model, InputShape(COLUMNS, (), CLASSES), (head,), arrays, few)
    return seconds_of_epochs(
        learner, EPOCHS, accelerator=device.type, precision="bf16-mixed", compile=True
    )


def measure(device: torch.device, rows: int, repeats: int) -> list[float]:
    """Return how many times as many rows a second mlfw learns from as a plain loop."""
    torch.manual_seed(0)
    numbers = torch.randn(rows, COLUMNS)
    tensors = {
        NUMBERS: numbers,
        CODES: torch.zeros(rows, 0, dtype=torch.int32),
        f"{TARGET}/0": (numbers[:, 0] * 3).long().abs() % CLASSES,
    }
    return [
        _seconds_plain(tensors, device) / _seconds_mlfw(tensors, device) for _ in range(repeats)
    ]


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    if not torch.cuda.is_available():
        print("bfloat16 and torch.compile: not measured, there is no CUDA device")
        return
    name = torch.cuda.get_device_name()
    ratios = measure(torch.device("cuda"), ROWS, REPEATS)
    report(f"bf16 + compile on {name}, rows/s of mlfw / plain loop", ratios, "at least 0.97")


if __name__ == "__main__":
    main()
