"""Training in several processes: handing out the job, watching, and fetching what was learnt."""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load
from torch import Tensor

from mlfw import FitContext, StopRequested, UserError
from mlfw_lightning.existing.fit import ExistingLearner
from mlfw_lightning.learner import Learner
from mlfw_lightning.ranks.failure import Failure, first_cause
from mlfw_lightning.ranks.job import RESULT, write_job
from mlfw_lightning.ranks.leader import Leader
from mlfw_lightning.ranks.lines import Message
from mlfw_lightning.ranks.local_ranks import Group, LocalRanks
from mlfw_lightning.ranks.rendezvous import file_store

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

POLL_SECONDS = 0.05
# A rank that dies makes others fail, on all machines; what may follow from it waits so long for it.
SETTLE_SECONDS = 1.5
logger = logging.getLogger("mlfw")


def train_in_ranks(
    options: LightningTrainer,
    learner: Learner | ExistingLearner,
    context: FitContext,
    folder: Path | None,
) -> dict[str, Tensor]:
    """Train in one process a device, on this machine and those that follow.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        context: The fit's context.
        folder: Where checkpoints are kept, if any are.

    Returns:
        The best weights by name.

    Raises:
        UserError: The configuration cannot be trained; or a node has not arrived.
        MlfwError: A rank has died, or is frozen.
        StopRequested: The ranks have saved and ended, as they were asked to.
    """
    leader = context.crew if isinstance(context.crew, Leader) else None
    if options.nodes > 1 and leader is None:
        raise UserError(
            f"trainer.nodes={options.nodes}: several nodes train together in `mlfw run` only.",
            "Set trainer.nodes=1.",
        )
    job = context.folder / "ranks"
    shutil.rmtree(job, ignore_errors=True)
    if leader is not None:
        leader.gather(context.stopping)
    try:
        with file_store() if options.nodes == 1 else nullcontext() as store:
            write_job(options, learner, context, folder, job, store)
            _run(options, context, job, leader)
        weights = load((job / RESULT).read_bytes())
    finally:
        shutil.rmtree(job, ignore_errors=True)
    return dict(weights)


def _run(options: LightningTrainer, context: FitContext, job: Path, leader: Leader | None) -> None:
    group = leader.begin(job) if leader is not None else Group(options.devices)
    ranks = None
    try:
        ranks = LocalRanks(job, group, 0, imports=context.imports, timeout=options.timeout)
        _watch(ranks, leader, context)
    finally:
        if ranks is not None:
            ranks.kill()
        if leader is not None:
            leader.over()


def _watch(ranks: LocalRanks, leader: Leader | None, context: FitContext) -> None:
    """Hand on what is told until all ranks have ended; one that fails ends the training."""
    asked = False
    failed_at = None
    while True:
        ended = ranks.ended and (leader is None or leader.done)
        for message in ranks.take_messages():
            _hand_on(message, context)
        failures = [*ranks.failures(), *(leader.failures() if leader is not None else ())]
        if failures:
            failed_at = failed_at or time.monotonic()
            failure = first_cause(failures)
            if failure.cause.is_first or time.monotonic() - failed_at >= SETTLE_SECONDS:
                raise _ending(failure, asked=asked)
        elif ended:
            if ranks.stopped or (leader is not None and leader.stopped):
                raise StopRequested
            return
        if context.stopping() and not asked:
            asked = True
            ranks.ask_to_stop()
            if leader is not None:
                leader.ask_to_stop()
        time.sleep(POLL_SECONDS)


def _ending(failure: Failure, *, asked: bool) -> BaseException:
    """Return how to end the training; ranks that are asked to end may do so in any way."""
    if asked:
        logger.warning("while the ranks were asked to stop: %s", failure.problem)
        return StopRequested()
    return failure.error()


def _hand_on(message: Message, context: FitContext) -> None:
    """Tell what rank 0 tells."""
    for name, told in message.items():
        if name == "report":
            context.report(told["epoch"], told["values"])
        elif name == "progress":
            context.progress(told["done"], told["total"], told["values"])
        elif name == "note":
            context.note(told)
