"""The Lightning module: losses that are exact over any number of processes."""

from __future__ import annotations

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from mlfw_lightning.batches import Batch
from mlfw_lightning.heads import Head


class Module(pl.LightningModule):
    """A network with its loss and its optimiser.

    Losses are sums over rows, divided by the rows of the whole batch or epoch, so that they do
    not depend on how many processes share the rows.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        heads: tuple[Head, ...],
        learning_rate: float,
        weight_decay: float,
        world: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.heads = heads
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.world = world
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def training_step(self, batch: Batch) -> Tensor:
        """Return the loss of this process's rows; averaged over processes it is the batch's."""
        loss = self._loss_sum("train", batch)
        return loss * (self.world / batch.whole)

    def validation_step(self, batch: Batch) -> None:
        """Add to the validation loss."""
        self._loss_sum("validation", batch)

    def _loss_sum(self, split: str, batch: Batch) -> Tensor:
        scores = self.network(batch.inputs)
        own = scores.split([head.outputs for head in self.heads], dim=1)
        losses = [
            head.loss_sum(part, target)
            for head, part, target in zip(self.heads, own, batch.targets, strict=True)
        ]
        loss = losses[0] if len(losses) == 1 else torch.stack(losses).sum()
        detached = loss.detach()
        self.sums[split] = self.sums[split] + detached if split in self.sums else detached
        self.counts[split] = self.counts.get(split, 0) + batch.whole
        return loss

    def take_losses(self) -> dict[str, float]:
        """Return the mean losses since the last call, over the rows of all processes."""
        losses = {}
        for split, total in self.sums.items():
            if self.world > 1:
                total = self.trainer.strategy.reduce(total, reduce_op="sum")
            losses[f"{split}/loss"] = float(total) / max(self.counts[split], 1)
        self.sums, self.counts = {}, {}
        return losses

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return AdamW, fused where the device has it."""
        parameters = list(self.parameters())
        fused = parameters[0].device.type in ("cpu", "cuda")
        return torch.optim.AdamW(
            parameters, lr=self.learning_rate, weight_decay=self.weight_decay, fused=fused
        )
