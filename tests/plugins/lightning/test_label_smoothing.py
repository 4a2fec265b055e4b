"""Smoothed labels have the loss of PyTorch, and weights still count rows."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from mlfw import Task
from mlfw_lightning.heads import Head

ROWS, CLASSES = 12, 3


def scores(outputs: int = CLASSES) -> torch.Tensor:
    return torch.randn(ROWS, outputs, generator=torch.Generator().manual_seed(0))


CLASS = torch.arange(ROWS) % CLASSES
LABELS = (torch.arange(ROWS * CLASSES).reshape(ROWS, CLASSES) % 2).float()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_classes_have_the_smoothed_loss_of_torch(smoothing: float) -> None:
    expected = functional.cross_entropy(scores(), CLASS, label_smoothing=smoothing, reduction="sum")

    assert torch.equal(
        Head(Task.multiclass, CLASSES).loss_sum(scores(), CLASS, smoothing), expected
    )


def test_a_weighted_row_counts_as_if_it_were_repeated() -> None:
    plain, weighted = (Head(Task.multiclass, CLASSES, w) for w in ((), (1.0, 3.0, 2.0)))
    repeats = torch.tensor([1, 3, 2])[CLASS]

    repeated = plain.loss_sum(
        scores().repeat_interleave(repeats, dim=0), CLASS.repeat_interleave(repeats), 0.2
    )

    assert torch.allclose(weighted.loss_sum(scores(), CLASS, 0.2), repeated)


def test_labels_are_smoothed_as_two_classes_each() -> None:
    pairs = torch.stack([torch.zeros(ROWS * CLASSES), scores().flatten()], dim=1)
    expected = functional.cross_entropy(
        pairs, LABELS.flatten().long(), label_smoothing=0.2, reduction="sum"
    )

    loss = Head(Task.multilabel, CLASSES).loss_sum(scores(), LABELS, 0.2)

    assert torch.allclose(loss * CLASSES, expected)


def test_values_are_not_smoothed() -> None:
    head, values = Head(Task.regression, 1), torch.ones(ROWS)

    assert torch.equal(head.loss_sum(scores(1), values, 0.5), head.loss_sum(scores(1), values))


@pytest.mark.parametrize("weights", [(), (1.0, 3.0, 2.0)])
def test_the_loss_of_rows_is_the_sum_of_their_losses(weights: tuple[float, ...]) -> None:
    head = Head(Task.multiclass, CLASSES, weights)

    parts = [head.loss_sum(scores()[i::2], CLASS[i::2], 0.1) for i in range(2)]

    assert torch.allclose(parts[0] + parts[1], head.loss_sum(scores(), CLASS, 0.1))


def test_the_smoothed_loss_is_least_at_the_smoothed_label() -> None:
    best = torch.full((1, CLASSES), 0.1 / CLASSES)
    best[0, 0] += 0.9
    head, target = Head(Task.multiclass, CLASSES), torch.tensor([0])

    logits = best.log().requires_grad_()
    head.loss_sum(logits, target, 0.1).backward()

    assert logits.grad is not None
    assert torch.allclose(logits.grad, torch.zeros_like(logits), atol=1e-6)
