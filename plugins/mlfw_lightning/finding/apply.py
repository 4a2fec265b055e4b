"""Finding the size of batches and the learning rate before a training, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from mlfw import FitContext
from mlfw.files import read_json, write_json
from mlfw_lightning.costs.trial_steps import TrialSteps
from mlfw_lightning.finding.batch_size import find_batch_size, most_rows
from mlfw_lightning.finding.learning_rate import find_learning_rate
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.batches import batches_of
from mlfw_lightning.loop.key import training_key
from mlfw_lightning.loop.randomness import seeded

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

FOUND = "found.json"


def with_found(
    options: LightningTrainer, learner: Learner, context: FitContext, device: torch.device
) -> Learner:
    """Return the learner with the batch size and the learning rate that the options ask to find.

    What was found is kept in the context's folder: a training that continues must go on with it.

    Args:
        options: The trainer's configuration.
        learner: What is to be trained.
        context: The seed, the folder, and whom to tell.
        device: What is to be trained on, or one of several alike.
    """
    kept = context.folder / FOUND
    key = training_key(options, learner, context.seed)
    noted = read_json(kept) if kept.exists() else {}
    found: dict[str, Any] = noted["found"] if noted.get("key") == key else {}
    if not found:
        with seeded(context.seed):
            if options.find_batch_size:
                found |= _batch_size(options, learner, context, device)
            if options.find_learning_rate:
                changed = replace(learner, model=replace(learner.model, **found))
                found |= _learning_rate(options, changed, context, device)
        write_json(kept, {"key": key, "found": found})
    return replace(learner, model=replace(learner.model, **found))


def _batch_size(
    options: LightningTrainer, learner: Learner, context: FitContext, device: torch.device
) -> dict[str, Any]:
    trial = _trial(options, learner, context, device)

    def batch_of(rows: int) -> Batch:
        return next(iter(batches_of(learner.train, rows, shuffle_seed=context.seed)))

    world = options.devices * options.nodes
    test = find_batch_size(
        trial.network,
        trial.loss,
        batch_of,
        trial.build_optimizer,
        largest=max(most_rows(learner.train.rows) // world // options.accumulate, 1),
        share=1 / options.devices if device.type == "cpu" else 1.0,
    )
    why = "memory is full with more" if test.full else "with more an epoch has too few steps"
    context.note(f"model.batch_size={test.rows * world} was found: {why}.")
    return {"batch_size": test.rows * world}


def _learning_rate(
    options: LightningTrainer, learner: Learner, context: FitContext, device: torch.device
) -> dict[str, Any]:
    trial = _trial(options, learner, context, device)
    size = learner.model.rows_per_step(learner.train.rows)
    batches = batches_of(learner.train, size, shuffle_seed=context.seed, vary=learner.vary)
    test = find_learning_rate(trial.network, trial.loss, batches, trial.build_optimizer)
    if test.suggestion is None:
        context.note(
            "trainer.find_learning_rate: the loss falls at no learning rate; "
            f"model.learning_rate={learner.model.learning_rate:g} is kept."
        )
        return {}
    rate = float(f"{test.suggestion:.2g}")
    context.note(f"model.learning_rate={rate:g} was found: there the loss falls fastest.")
    return {"learning_rate": rate}


def _trial(
    options: LightningTrainer, learner: Learner, context: FitContext, device: torch.device
) -> TrialSteps:
    return TrialSteps(
        learner, device=device, precision=options.precision, seed=context.seed, world=1
    )
