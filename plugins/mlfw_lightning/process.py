"""Training in this process, alone or as one of several ranks."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import OmegaConf
from torch import Tensor

from mlfw import UserError
from mlfw.files import digest
from mlfw.plugins import load_plugins
from mlfw_lightning.batches import batches_of
from mlfw_lightning.checkpoint import Checkpoints
from mlfw_lightning.epochs import Epochs
from mlfw_lightning.learner import Learner
from mlfw_lightning.module import Module
from mlfw_lightning.strategies import strategy_of

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

VALIDATION_ROWS = 8192


@dataclass(frozen=True)
class Place:
    """Which process of how many this is."""

    rank: int = 0
    world: int = 1


def train_here(
    options: LightningTrainer,
    learner: Learner,
    *,
    seed: int,
    folder: Path | None,
    report: Callable[[int, Mapping[str, float]], None],
    place: Place = Place(),
) -> dict[str, Tensor]:
    """Train and return the weights of the epoch with the lowest validation loss.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        seed: What all randomness follows from.
        folder: Where checkpoints are kept; None to keep none.
        report: Told of every epoch, in the process with local rank 0.
        place: Which process of how many this is.
    """
    with torch.random.fork_rng(), quiet():
        torch.manual_seed(seed)
        module = Module(
            learner.model.build(learner.shape),
            heads=learner.heads,
            learning_rate=learner.model.learning_rate,
            weight_decay=learner.model.weight_decay,
            world=place.world,
        )
        checkpoints = Checkpoints(folder, _fingerprint(options, learner, seed)) if folder else None
        epochs = Epochs(
            seed=seed, patience=options.patience, checkpoints=checkpoints, report=report
        )
        size = learner.model.rows_per_step(learner.train.rows)
        rank, world = place.rank, place.world
        train = batches_of(
            learner.train, size, shuffle_seed=seed, rank=rank, world=world, vary=learner.vary
        )
        validation = batches_of(
            learner.validation, VALIDATION_ROWS, shuffle_seed=None, rank=rank, world=world
        )
        try:
            trainer = _lightning(options, epochs)
            trainer.fit(module, train, validation)
        except MisconfigurationException as error:
            raise UserError(f"trainer: {error}", "See: mlfw show trainer lightning") from None
        except torch.OutOfMemoryError:
            raise UserError(
                f"trainer: out of memory with batches of {size} rows.",
                f"Set model.batch_size={max(size // 2, 1)}.",
            ) from None
    weights = epochs.best or module.state_dict()
    return {name.removeprefix("network."): value.cpu() for name, value in weights.items()}


def _lightning(options: LightningTrainer, epochs: Epochs) -> pl.Trainer:
    """Return a Lightning trainer with everything off that costs time a step and shows nothing."""
    added = load_plugins().manager.hook.mlfw_lightning_callbacks()
    try:
        return pl.Trainer(
            accelerator=options.accelerator,
            devices=options.devices,
            num_nodes=options.nodes,
            strategy=strategy_of(options),
            precision=options.precision,  # type: ignore[arg-type]
            max_epochs=options.epochs,
            gradient_clip_val=options.gradient_clip,
            accumulate_grad_batches=options.accumulate,
            callbacks=[epochs, *(callback for listed in added for callback in listed)],
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except (ValueError, TypeError, ImportError) as error:
        raise UserError(
            f"trainer: {str(error).splitlines()[0]}", "See: mlfw show trainer lightning"
        ) from None


def _fingerprint(options: LightningTrainer, learner: Learner, seed: int) -> str:
    """Return what a training follows from; only the number of epochs may grow."""
    settings = {key: value for key, value in asdict(options).items() if key != "epochs"}
    model = OmegaConf.to_container(OmegaConf.structured(learner.model), enum_to_str=True)
    heads = [head.to_json() for head in learner.heads]
    rows = learner.key or _sums(learner)
    return digest([settings, model, asdict(learner.shape), heads, rows, learner.train.rows, seed])


def _sums(learner: Learner) -> list[float]:
    """Return what tells one set of rows from another where nothing better is known."""
    return [
        float(array.sum(dtype=float))
        for arrays in (learner.train, learner.validation)
        for array in arrays.read(0, arrays.rows).values()
    ]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's advice off the terminal; warnings go to the log like all others."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch")]
    before = [(logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pytorch_lightning|torch")
        try:
            yield
        finally:
            for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.handlers, logger.propagate = handlers, propagate
