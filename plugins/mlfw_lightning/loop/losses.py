"""The loss of a network's scores, over all that it predicts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mlfw_lightning.heads import Head


def loss_sum(
    scores: Tensor, targets: Sequence[Tensor], heads: Sequence[Head], label_smoothing: float = 0.0
) -> Tensor:
    """Return the loss of all heads, summed over rows.

    Args:
        scores: float [rows, outputs], the heads' own side by side.
        targets: One tensor a head; see `Head.loss_sum`.
        heads: What the scores stand for.
        label_smoothing: See `Head.loss_sum`.
    """
    own = torch.split(scores, [head.outputs for head in heads], dim=1)
    losses = [
        head.loss_sum(part, target, label_smoothing)
        for head, part, target in zip(heads, own, targets, strict=True)
    ]
    return losses[0] if len(losses) == 1 else torch.stack(losses).sum()
