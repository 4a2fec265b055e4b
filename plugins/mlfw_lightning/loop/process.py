"""Training in this process, alone or as one of several ranks."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytorch_lightning as pl
import torch
from torch import Tensor

from mlfw import Rank
from mlfw.plugins import load_plugins
from mlfw_lightning.curves.advice import settings_of
from mlfw_lightning.curves.baseline import constant_loss
from mlfw_lightning.curves.plateau import Plateau
from mlfw_lightning.fine_tuning.lora import merged
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batches import batches_of
from mlfw_lightning.loop.breaks import Breaks
from mlfw_lightning.loop.checkpoint import Checkpoints
from mlfw_lightning.loop.clock import Clock
from mlfw_lightning.loop.epochs import Epochs
from mlfw_lightning.loop.heap import freed_memory_kept
from mlfw_lightning.loop.key import training_key
from mlfw_lightning.loop.module import Module
from mlfw_lightning.loop.start import start_network
from mlfw_lightning.loop.steps import Steps, steps_a_chunk
from mlfw_lightning.loop.threads import threads_for
from mlfw_lightning.loop.watch import Watch
from mlfw_lightning.mistakes import REFUSALS, batch_too_large, mistakes_told, refused
from mlfw_lightning.precision import precision_of
from mlfw_lightning.ranks.strategies import FULLY_SHARDED, strategy_of
from mlfw_lightning.signals import leave_signals

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

ALONE = Rank()


def train_here(
    options: LightningTrainer,
    learner: Learner,
    *,
    seed: int,
    folder: Path | None,
    watch: Watch,
    rank: Rank = ALONE,
    spent: float = 0.0,
) -> dict[str, Tensor]:
    """Train and return the weights of the epoch with the lowest validation loss.

    Of several processes the first one returns them, the others nothing.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        seed: What all randomness follows from.
        folder: Where checkpoints are kept; None to keep none.
        watch: Whom to tell and to ask.
        rank: Which process of how many this is.
        spent: How many seconds the training has taken already.

    Raises:
        UserError: The options cannot be had here, the loss is no number any more, or the memory
            is full.
        StopRequested: The watch has asked to stop; a checkpoint has been kept.
    """
    size = learner.model.rows_per_step(learner.train.rows)
    with (
        freed_memory_kept(),
        torch.random.fork_rng(),
        mistakes_told(batch_too_large(size)),
    ):
        torch.manual_seed(seed)
        training = _Training(options, learner, seed, folder, watch, rank, size, spent)
        with threads_for(training.module.network, learner.shape, size // rank.world):
            return training.run()


class _Training:
    """All parts of one training."""

    def __init__(
        self,
        options: LightningTrainer,
        learner: Learner,
        seed: int,
        folder: Path | None,
        watch: Watch,
        rank: Rank,
        size: int,
        spent: float,
    ) -> None:
        model = learner.model
        shuffled = partial(batches_of, learner.train, size, shuffle_seed=seed, vary=learner.vary)
        batches = shuffled(rank=rank.rank, world=rank.world)
        batches.workers = options.workers
        self.validation = batches_of(
            learner.validation, learner.shape.rows_at_once, shuffle_seed=None,
            rank=rank.rank, world=rank.world,
        )  # fmt: skip
        self.steps = Steps(
            batches,
            accumulate=options.accumulate,
            chunk=steps_a_chunk(learner.row_bytes * size),
        )
        network = start_network(model, learner.shape, watch.note)
        # Adapters are merged into a whole network, and what divides one leaves parts in its rank.
        divided = options.strategy in FULLY_SHARDED
        self.whole = deepcopy(network) if divided and model.lora_rank else network
        key = training_key(options, learner, seed)
        checkpoints = Checkpoints(folder, key, watch.note) if folder else None
        clock = Clock(options.seconds, spent)
        self.epochs = Epochs(
            steps=self.steps,
            patience=options.patience,
            plateau=Plateau(
                options.on_plateau,
                settings=settings_of(model, options),
                baseline=constant_loss(learner.heads, learner.train),
            ),
            checkpoints=checkpoints,
            watch=watch,
            clock=clock,
        )
        self.module = Module(
            network,
            model=model,
            heads=learner.heads,
            options=options,
            steps=self.steps.number,
            seed=seed,
            rank=rank,
        )
        self.trainer = _lightning(options, [self.epochs], in_turn=model.learns_in_turn)
        self.epochs.breaks = Breaks(
            steps=self.steps,
            names=learner.names,
            epochs=options.epochs,
            watch=watch,
            rank=rank,
            clock=clock,
            keep=partial(self.epochs.keep_within, self.trainer) if checkpoints else None,
            keep_seconds=60 * options.checkpoint_minutes,
        )

    def run(self) -> dict[str, Tensor]:
        """Train and return the best weights, in the first process."""
        self.trainer.fit(self.module, self.steps, self.validation)
        if not self.trainer.is_global_zero:
            return {}
        weights = self.epochs.best or self.module.state_dict()
        plain = {name.removeprefix("network."): value.cpu() for name, value in weights.items()}
        return merged(self.whole.cpu(), plain)


def _lightning(
    options: LightningTrainer, callbacks: Sequence[pl.Callback], *, in_turn: bool
) -> pl.Trainer:
    """Return a Lightning trainer with everything off that costs time a step and shows nothing."""
    added = load_plugins().manager.hook.mlfw_lightning_callbacks()
    try:
        trainer = pl.Trainer(
            accelerator=options.accelerator,
            devices=options.devices,
            num_nodes=options.nodes,
            strategy=strategy_of(options, in_turn=in_turn),
            **precision_of(options),
            max_epochs=options.epochs,
            callbacks=[*callbacks, *(callback for listed in added for callback in listed)],
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except REFUSALS as error:
        raise refused(error) from None
    leave_signals(trainer)
    return trainer
