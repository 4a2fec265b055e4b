"""Training in several ranks: handing out the job, watching, trying again, fetching the result."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load
from torch import Tensor

from mlfw import FitContext, MlfwError, StopRequested, UserError
from mlfw_lightning.existing.fit import ExistingLearner
from mlfw_lightning.learner import Learner
from mlfw_lightning.ranks.failure import FailureCause, RankFailure, first_cause
from mlfw_lightning.ranks.job import RESULT, note_start, write_job
from mlfw_lightning.ranks.launcher import Message, RankGroup, RankLauncher, Ranks
from mlfw_lightning.ranks.local_ranks import LocalRanks

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

POLL_SECONDS = 0.05
# A rank that dies makes others fail, on all machines; what may follow from it waits so long for it.
SETTLE_SECONDS = 1.5
RETRIES = 3
logger = logging.getLogger("mlfw")


def launcher_of(context: FitContext) -> RankLauncher | None:
    """Return what starts ranks in place of this process: the executor, if it can."""
    return context.workers if isinstance(context.workers, RankLauncher) else None


def train_in_ranks(
    options: LightningTrainer,
    learner: Learner | ExistingLearner,
    context: FitContext,
    folder: Path | None,
) -> dict[str, Tensor]:
    """Train in one process a device; a rank that is lost or frozen is retried.

    All ranks start again then, as many as before, from the last checkpoint: the weights are the
    same as if none had been lost.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        context: The fit's context.
        folder: Where checkpoints are kept, if any are.

    Returns:
        The best weights by name.

    Raises:
        UserError: The configuration cannot be trained.
        MlfwError: A rank was lost once more than the executor's retries allow.
        StopRequested: The ranks have saved and ended, as they were asked to.
    """
    launcher = launcher_of(context)
    run_ranks = launcher.run_ranks if launcher is not None else LocalRanks
    job = context.folder / "ranks"
    group = RankGroup(options.devices, options.nodes)
    start = partial(run_ranks, job, group, imports=context.imports, timeout=options.timeout)
    shutil.rmtree(job, ignore_errors=True)
    try:
        write_job(options, learner, context, folder, job, alone=launcher is None)
        _Attempts(context, job, keeps=folder is not None).run(start)
        weights = load((job / RESULT).read_bytes())
    finally:
        shutil.rmtree(job, ignore_errors=True)
    return dict(weights)


class _Attempts:
    """The attempts at one training.

    Args:
        context: The fit's context.
        job: The folder of the job.
        keeps: Whether checkpoints are kept.
    """

    def __init__(self, context: FitContext, job: Path, *, keeps: bool) -> None:
        self._context = context
        self._job = job
        self._keeps = keeps
        self._epoch = 0
        self._notes: set[str] = set()

    def run(self, start: Callable[[], Ranks]) -> None:
        """Train until an attempt succeeds or none is left."""
        workers = self._context.workers
        retries = RETRIES if workers is None else workers.retries
        before: RankFailure | None = None
        for retry in range(1, retries + 2):
            note_start(self._job)
            failure = self._attempt(start)
            if failure is None:
                return
            problem = f"{failure.problem} on {failure.host}"
            if retry > retries or (before is not None and _same(before, failure)):
                raise MlfwError(
                    f"trainer: {problem}; attempt {retry} at the training in "
                    f"{self._context.folder}, with executor.retries={retries}. The other ranks "
                    f"were ended.{failure.lines}"
                )
            logger.warning("%s%s", problem, failure.lines)
            how = "continues from its last checkpoint" if self._keeps else "starts again"
            self._context.note(f"{problem}; the training {how} (retry {retry} of {retries}).")
            before = failure

    def _attempt(self, start: Callable[[], Ranks]) -> RankFailure | None:
        """Train, and return why that failed, if it did.

        Raises:
            UserError: A rank has found a user's mistake.
            StopRequested: The ranks were asked to stop.
        """
        ranks = start()
        try:
            return self._watch(ranks)
        finally:
            ranks.kill()

    def _watch(self, ranks: Ranks) -> RankFailure | None:
        asked = False
        failed_at = None
        while True:
            ended = ranks.ended
            for message in ranks.take_messages():
                self._hand_on(message)
            if failures := ranks.failures():
                failed_at = failed_at or time.monotonic()
                failure = first_cause(failures)
                if failure.cause.is_first or time.monotonic() - failed_at >= SETTLE_SECONDS:
                    return self._given_up(failure, asked=asked)
            elif ended:
                if ranks.stopped:
                    raise StopRequested
                return None
            if self._context.stopping() and not asked:
                asked = True
                ranks.ask_to_stop()
            time.sleep(POLL_SECONDS)

    def _given_up(self, failure: RankFailure, *, asked: bool) -> RankFailure:
        """Return the failure of an attempt, unless it ends the training at once."""
        if asked:  # ranks that are asked to end may do so in any way
            logger.warning("while the ranks were asked to stop: %s", failure.problem)
            raise StopRequested
        if failure.cause is FailureCause.mistake:
            raise UserError(failure.problem, failure.remedy)
        return failure

    def _hand_on(self, message: Message) -> None:
        """Tell what rank 0 tells, but nothing again that an earlier attempt has told."""
        for name, told in message.items():
            if name == "report" and told["epoch"] > self._epoch:
                self._epoch = told["epoch"]
                self._context.report(told["epoch"], told["values"])
            elif name == "progress":
                self._context.progress(told["done"], told["total"], told["values"])
            elif name == "note" and told not in self._notes:
                self._notes.add(told)
                self._context.note(told)


def _same(before: RankFailure, now: RankFailure) -> bool:
    """Whether the same error has ended two attempts: a third would end so too."""
    last = before.ending[-1:]
    return now.cause is FailureCause.exit and bool(last) and last == now.ending[-1:]
