"""The loss of a constant prediction is what the best constant scores really lose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mlfw import Task
from mlfw_lightning.curves.baseline import constant_loss
from mlfw_lightning.heads import Head
from mlfw_tabular.arrays import MemoryArrays

DRAW = np.random.default_rng(0)
CLASSES = DRAW.choice(3, size=200, p=[0.6, 0.3, 0.1])
LABELS = (DRAW.random((200, 4)) < [0.1, 0.5, 0.8, 0.0]).astype(np.float32)
VALUES = DRAW.normal(0.3, 1.2, size=200).astype(np.float32)


@pytest.mark.parametrize(
    ("head", "target"),
    [
        (Head(Task.multiclass, 3), CLASSES),
        (Head(Task.multiclass, 3, weights=(0.5, 1.0, 4.0), importance=2.0), CLASSES),
        (Head(Task.multilabel, 4), LABELS),
        (Head(Task.regression, 1), VALUES),
    ],
)
def test_it_is_the_lowest_loss_that_one_score_for_all_rows_reaches(
    head: Head, target: np.ndarray
) -> None:
    score = torch.zeros(head.outputs, requires_grad=True)
    optimizer = torch.optim.LBFGS([score], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        mean = head.loss_sum(score.expand(200, -1), torch.from_numpy(target)) / 200
        mean.backward()
        return mean

    optimizer.step(loss)

    found = constant_loss([head], MemoryArrays({"target/0": target}))
    assert found == pytest.approx(loss().item(), abs=1e-3)


def test_the_losses_of_several_targets_add_up() -> None:
    heads = [Head(Task.multiclass, 3), Head(Task.regression, 1)]
    rows = MemoryArrays({"target/0": CLASSES, "target/1": VALUES})

    alone = [
        constant_loss([head], MemoryArrays({"target/0": target}))
        for head, target in zip(heads, (CLASSES, VALUES), strict=True)
    ]

    assert constant_loss(heads, rows) == pytest.approx(sum(alone))
