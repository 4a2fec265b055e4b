"""What real trainings of the perceptron on real data tell, one for each case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sklearn import datasets

from mlfw import Task
from mlfw_lightning import LightningTrainer
from mlfw_lightning.curves.advice import settings_of
from mlfw_lightning.curves.baseline import constant_loss
from mlfw_lightning.curves.diagnosis import Kind
from mlfw_lightning.curves.plateau import Plateau
from mlfw_lightning.heads import Head
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.trainer import OnPlateau
from mlfw_tabular.arrays import MemoryArrays


@dataclass(frozen=True)
class Rows:
    """Inputs, float32 [rows, columns], and their classes, int64 [rows]."""

    x: torch.Tensor
    y: torch.Tensor

    def inputs(self, some: torch.Tensor) -> Inputs:
        return Inputs(self.x[some], torch.zeros(len(some), 0, dtype=torch.int32))


def two_parts(name: str, rows: int, flipped: float = 0.0) -> tuple[Rows, Rows]:
    """Return so many training rows of a bundled set, and up to 300 others."""
    data = getattr(datasets, f"load_{name}")()
    draw = np.random.default_rng(0)
    order = draw.permutation(len(data.data))
    x = ((data.data - data.data.mean(0)) / (data.data.std(0) + 1e-6))[order]
    y = data.target[order].copy()
    classes = int(y.max()) + 1
    wrong = draw.random(len(y)) < flipped
    y[wrong] = (y[wrong] + draw.integers(1, classes, wrong.sum())) % classes
    parts = slice(0, rows), slice(rows, rows + 300)
    train, validation = (
        Rows(torch.tensor(x[part], dtype=torch.float32), torch.tensor(y[part])) for part in parts
    )
    return train, validation


def followed(train: Rows, validation: Rows, model: MLP, epochs: int) -> Plateau:
    """Train with AdamW and return what has followed the curve."""
    torch.manual_seed(0)
    head = Head(Task.multiclass, int(train.y.max()) + 1)
    network = model.build(InputShape(train.x.shape[1], (), head.outputs))
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=model.learning_rate, weight_decay=model.weight_decay
    )
    base = constant_loss([head], MemoryArrays({"target/0": train.y.numpy()}))
    plateau = Plateau(
        OnPlateau.advise,
        settings=settings_of(model, LightningTrainer(epochs=epochs)),
        baseline=base,
    )
    for epoch in range(1, epochs + 1):
        network.train()
        total, right = 0.0, 0
        for some in torch.randperm(len(train.y)).split(32):
            scores = network(train.inputs(some))
            loss = head.loss_sum(scores, train.y[some])
            optimizer.zero_grad()
            (loss / len(some)).backward()
            optimizer.step()
            total += loss.item()
            right += int((scores.argmax(1) == train.y[some]).sum())
        network.eval()
        with torch.no_grad():
            rows = torch.arange(len(validation.y))
            loss = head.loss_sum(network(validation.inputs(rows)), validation.y)
        plateau.epoch_ended(
            epoch,
            total / len(train.y),
            loss.item() / len(rows),
            model.learning_rate,
            correct=right / len(train.y),
        )
    plateau.ended()
    return plateau


def kind_of(plateau: Plateau) -> Kind:
    assert plateau.diagnosis is not None
    return plateau.diagnosis.kind


def test_many_weights_on_few_rows_over_fit() -> None:
    rows = two_parts("breast_cancer", 60)

    assert kind_of(followed(*rows, MLP(width=128, dropout=0.0), 20)) is Kind.overfitting


def test_labels_of_which_three_in_ten_are_wrong_may_be_noisy() -> None:
    rows = two_parts("digits", 500, flipped=0.3)

    plateau = followed(*rows, MLP(width=128, dropout=0.0), 25)

    assert kind_of(plateau) is Kind.noisy_labels
    assert plateau.diagnosis is not None
    assert "may be noisy" in plateau.diagnosis.sentence


def test_the_same_rows_with_right_labels_are_not_called_noisy() -> None:
    rows = two_parts("digits", 500)

    assert kind_of(followed(*rows, MLP(width=128, dropout=0.0), 25)) is not Kind.noisy_labels


def test_one_unit_is_too_small_for_ten_classes() -> None:
    rows = two_parts("digits", 300)

    model = MLP(width=1, depth=1, dropout=0.0, learning_rate=0.05)

    assert kind_of(followed(*rows, model, 25)) is Kind.too_small


@pytest.mark.parametrize("rate", [1e-6, 1e-8])
def test_steps_that_are_too_short_are_told(rate: float) -> None:
    rows = two_parts("digits", 200)

    plateau = followed(*rows, MLP(learning_rate=rate), 12)

    assert kind_of(plateau) is Kind.rate_too_low
    assert plateau.diagnosis is not None
    assert plateau.diagnosis.advice[0] == f"model.learning_rate={10 * rate:.3g}"


def test_steps_that_are_too_long_are_told() -> None:
    rows = two_parts("digits", 300)

    kind = kind_of(followed(*rows, MLP(learning_rate=1.0), 15))

    assert kind in (Kind.rate_too_high, Kind.diverging)


def test_few_epochs_still_improve() -> None:
    rows = two_parts("digits", 300)

    plateau = followed(*rows, MLP(learning_rate=5e-4), 6)

    assert kind_of(plateau) is Kind.improving
    assert plateau.diagnosis is not None
    assert plateau.diagnosis.advice[0] == "trainer.epochs=12"


def test_a_small_network_on_easy_data_reaches_a_plateau() -> None:
    rows = two_parts("breast_cancer", 269)

    model = MLP(width=16, dropout=0.5, weight_decay=1.0)

    assert kind_of(followed(*rows, model, 30)) is Kind.plateau
