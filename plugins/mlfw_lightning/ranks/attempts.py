"""Attempts at a training in several processes of this machine."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import FitContext, Job, MlfwError, StopRequested, UserError
from mlfw_lightning.ranks.failure import FailureCause, RankFailure, first_cause
from mlfw_lightning.ranks.job import note_start
from mlfw_lightning.ranks.local_ranks import LocalRanks

if TYPE_CHECKING:
    from mlfw import Watch
    from mlfw_lightning.trainer import LightningTrainer

POLL_SECONDS = 0.05
# A rank that dies makes others fail; what may follow from it waits so long for it.
SETTLE_SECONDS = 1.5
# Where no executor says how often a lost process is started again.
RETRIES = 3
logger = logging.getLogger("mlfw")


class Attempts:
    """Trains in local ranks, and once more where a rank was lost.

    Args:
        options: The trainer's configuration.
        context: The fit's context.
        job: The folder of the job.
        watch: Takes what the ranks tell.
        keeps: Whether checkpoints are kept.
    """

    def __init__(
        self,
        options: LightningTrainer,
        context: FitContext,
        job: Path,
        watch: Watch,
        *,
        keeps: bool,
    ) -> None:
        self._options = options
        self._context = context
        self._job = job
        self._watch = watch
        self._keeps = keeps

    def run(self) -> None:
        """Train until an attempt succeeds.

        Raises:
            UserError: A rank has found a user's mistake.
            MlfwError: No attempt is left, or two have ended with the same error.
            StopRequested: The ranks were asked to stop.
        """
        workers = self._context.workers
        retries = RETRIES if workers is None else workers.retries
        before: RankFailure | None = None
        for retry in range(1, retries + 2):
            note_start(self._job)
            failure = self._attempt()
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
            self._watch.note(f"{problem}; the training {how} (retry {retry} of {retries}).")
            before = failure

    def _attempt(self) -> RankFailure | None:
        """Train, and return why that failed, if it did."""
        ranks = LocalRanks(
            self._job,
            self._options.devices,
            imports=self._context.imports,
            timeout=self._options.timeout,
        )
        try:
            return self._follow(ranks)
        finally:
            ranks.kill()

    def _follow(self, ranks: LocalRanks) -> RankFailure | None:
        asked = False
        failed_at = None
        rank_0 = Job("rank", label="rank 0")
        while True:
            ended = ranks.ended
            for message in ranks.take_messages():
                self._watch.told(rank_0, message)
            if failures := ranks.failures():
                failed_at = failed_at or time.monotonic()
                failure = first_cause(failures)
                if failure.cause.is_first or time.monotonic() - failed_at >= SETTLE_SECONDS:
                    return _given_up(failure, asked=asked)
            elif ended:
                if ranks.stopped:
                    raise StopRequested
                return None
            if self._watch.stopping() and not asked:
                asked = True
                ranks.ask_to_stop()
            time.sleep(POLL_SECONDS)


def _given_up(failure: RankFailure, *, asked: bool) -> RankFailure:
    """Return the failure of an attempt, unless it ends the training at once."""
    if asked:  # ranks that are asked to end may do so in any way
        logger.warning("while the ranks were asked to stop: %s", failure.problem)
        raise StopRequested
    if failure.cause is FailureCause.mistake:
        raise UserError(failure.problem, failure.remedy)
    return failure


def _same(before: RankFailure, now: RankFailure) -> bool:
    """Return whether the same error has ended two attempts: a third would end so too."""
    last = before.ending[-1:]
    return now.cause is FailureCause.exit and bool(last) and last == now.ending[-1:]
