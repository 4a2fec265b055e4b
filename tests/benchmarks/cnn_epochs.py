"""Training a small network of convolutions for some epochs, by mlfw or by a plain PyTorch loop.

Run as `python cnn_epochs.py mlfw|plain`; prints the seconds of all epochs but the first.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import torch
from epochs import seconds_of_epochs
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
from mlfw_tabular.features import CODES, IMAGES, NUMBERS, TARGET

CLASSES, BATCH, EPOCHS, FACTOR = 10, 64, 4, 4
RATE, DECAY = 2e-3, 1e-2
SHAPE = InputShape(0, (), CLASSES, images=(ImageShape((1, 32, 32), (78.0,), (96.0,)),))


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return images, uint8 [rows, 1, 32, 32], and their classes, int64 [rows]."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)
    enlarged = np.kron(pixels, np.ones((1, FACTOR, FACTOR), np.uint8))
    return enlarged[:, None], data.target.astype(np.int64)


def seconds_plain(images: torch.Tensor, target: torch.Tensor) -> float:
    """Return how long the epochs after the first one take in a plain loop."""
    network: nn.Module = CNN().build(SHAPE)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    rows = len(images)
    numbers, codes = torch.zeros(rows, 0), torch.zeros(rows, 0, dtype=torch.int32)
    start = 0.0
    for epoch in range(EPOCHS + 1):
        if epoch == 1:
            start = time.perf_counter()
        for index in torch.randperm(rows).split(BATCH):
            optimiser.zero_grad()
            inputs = Inputs(numbers[index], codes[index], (), (images[index],))
            functional.cross_entropy(network(inputs), target[index]).backward()
            optimiser.step()
    return time.perf_counter() - start


def seconds_of_mlfw(images: np.ndarray, target: np.ndarray) -> float:
    """Return how long the epochs after the first one take as `mlfw run` does them."""
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
    return seconds_of_epochs(learner, EPOCHS)


def main(side: str) -> None:
    """Train and print."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(2)
    images, target = digits()
    if side == "plain":
        print(seconds_plain(torch.from_numpy(images), torch.from_numpy(target)))
    else:
        print(seconds_of_mlfw(images, target))


if __name__ == "__main__":
    main(sys.argv[1])
