"""A Lightning trainer for code that was written for stock Lightning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.loggers.logger import DummyLogger

from mlfw import UserError
from mlfw.plugins import load_plugins
from mlfw_lightning.process import quiet
from mlfw_lightning.strategies import strategy_of

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer


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
    with mistakes_told((ValueError, TypeError, ImportError)):
        return pl.Trainer(
            accelerator=options.accelerator,
            devices=devices or options.devices,
            num_nodes=1 if alone else options.nodes,
            strategy="auto" if alone else strategy_of(options),
            precision=options.precision,  # type: ignore[arg-type]
            max_epochs=options.epochs,
            gradient_clip_val=options.gradient_clip,
            accumulate_grad_batches=options.accumulate,
            callbacks=[*callbacks, *(callback for listed in added for callback in listed)],
            plugins=list(plugins),
            default_root_dir=folder,
            # A module that logs to its logger's experiment finds one that takes everything.
            logger=DummyLogger(),
            enable_checkpointing=any(isinstance(c, pl.callbacks.Checkpoint) for c in callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
        )


@contextmanager
def mistakes_told(more: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Keep Lightning's advice off the terminal, and turn its refusals into the user's mistakes.

    Args:
        more: Further errors that are Lightning's way to refuse something here.

    Raises:
        UserError: Lightning refuses something, or the memory of a device is full.
    """
    refusals: tuple[type[Exception], ...] = (MisconfigurationException, *more)
    with quiet():
        try:
            yield
        except refusals as error:
            reason = " ".join(str(error).split())
            raise UserError(f"trainer: {reason}", "See: mlfw show trainer lightning") from None
        except torch.OutOfMemoryError:
            raise UserError(
                "trainer: a device's memory is full.",
                "Make batches smaller, in dataset.options or model.options.",
            ) from None
