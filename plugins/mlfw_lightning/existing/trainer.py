"""A Lightning trainer for code that was written for stock Lightning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from pytorch_lightning.loggers.logger import DummyLogger

from mlfw import UserError
from mlfw.plugins import load_plugins
from mlfw_lightning.mistakes import REFUSALS, refused
from mlfw_lightning.precision import precision_of
from mlfw_lightning.ranks.strategies import strategy_of
from mlfw_lightning.signals import leave_signals

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

FULL = UserError(
    "trainer: a device's memory is full.",
    "Make batches smaller, in dataset.options or model.options.",
)


def lightning_trainer(
    options: LightningTrainer,
    callbacks: Sequence[pl.Callback],
    *,
    folder: Path,
    devices: int | None = None,
    plugins: Sequence[Any] = (),
) -> pl.Trainer:
    """Return a Lightning trainer that leaves to Lightning all it does by itself.

    Args:
        options: The trainer component.
        callbacks: What to add; plugins' callbacks come on top.
        folder: Where what the module's own callbacks write goes by default.
        devices: How many to use, if not all that the options name.
        plugins: Lightning plugins to add.

    Raises:
        UserError: Lightning refuses the options.
    """
    added = load_plugins().manager.hook.mlfw_lightning_callbacks()
    alone = devices is not None
    arithmetic = precision_of(options)
    try:
        trainer = pl.Trainer(
            accelerator=options.accelerator,
            devices=devices or options.devices,
            num_nodes=1 if alone else options.nodes,
            strategy="auto" if alone else strategy_of(options),
            max_epochs=options.epochs,
            gradient_clip_val=options.gradient_clip,
            accumulate_grad_batches=options.accumulate,
            callbacks=[*callbacks, *(callback for listed in added for callback in listed)],
            **{**arithmetic, "plugins": [*plugins, *arithmetic.get("plugins", ())]},
            default_root_dir=folder,
            # A module that logs to its logger's experiment finds one that takes everything.
            logger=DummyLogger(),
            enable_checkpointing=any(isinstance(c, pl.callbacks.Checkpoint) for c in callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except REFUSALS as error:
        raise refused(error) from None
    leave_signals(trainer)
    return trainer
