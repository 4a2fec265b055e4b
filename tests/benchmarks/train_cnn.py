"""How fast the network of convolutions trains, against a plain PyTorch loop.

The set-up: scikit-learn's digits enlarged to 32 x 32 pixels, in memory, batches of 64, AdamW. Rows
per second of whole epochs; the two take turns, so that a drift of the machine hits both.
"""

from __future__ import annotations

import warnings

import numpy as np
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
from mlfw_lightning.network import ImageShape
from mlfw_lightning.networks.cnn import CNN
from mlfw_tabular.arrays import MemoryArrays
from mlfw_tabular.prepared import CODES, IMAGES, NUMBERS, TARGET

CLASSES, BATCH, EPOCHS, REPEATS, FACTOR = 10, 64, 2, 3, 4
RATE, DECAY = 2e-3, 1e-2
SHAPE = InputShape(0, (), CLASSES, images=(ImageShape((1, 32, 32), (78.0,), (96.0,)),))


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return images, uint8 [rows, 1, 32, 32], and their classes, int64 [rows]."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)
    enlarged = np.kron(pixels, np.ones((1, FACTOR, FACTOR), np.uint8))
    return enlarged[:, None], data.target.astype(np.int64)


def _network() -> nn.Module:
    return CNN().build(SHAPE)


def _seconds_plain(images: torch.Tensor, target: torch.Tensor) -> float:
    import time

    network = _network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    rows = len(images)
    numbers, codes = torch.zeros(rows, 0), torch.zeros(rows, 0, dtype=torch.int32)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for index in torch.randperm(rows).split(BATCH):
            optimiser.zero_grad()
            inputs = Inputs(numbers[index], codes[index], (), (images[index],))
            functional.cross_entropy(network(inputs), target[index]).backward()
            optimiser.step()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(2)
    images, target = digits()
    rows = len(images)
    arrays = MemoryArrays(
        {
            NUMBERS: np.zeros((rows, 0), np.float32),
            CODES: np.zeros((rows, 0), np.int32),
            f"{IMAGES}digit": images,
            f"{TARGET}/0": target,
        }
    )
    few = MemoryArrays(arrays.read(0, BATCH))
    model = CNN(batch_size=BATCH, learning_rate=RATE, weight_decay=DECAY)
    learner = Learner(model, SHAPE, (Head(Task.multiclass, CLASSES),), arrays, few)
    ratios = []
    for _ in range(REPEATS):
        plain = _seconds_plain(torch.from_numpy(images), torch.from_numpy(target))
        ratios.append(plain / seconds_of_epochs(learner, EPOCHS))
    report("cnn, rows/s of mlfw / plain loop", ratios, "at least 0.95")


if __name__ == "__main__":
    main()
