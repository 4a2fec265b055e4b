"""Training in several ranks: handing out the job, watching it, and fetching the result."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load
from torch import Tensor

import mlfw
from mlfw import FailureKind, FitContext, Job, Resources, Workers
from mlfw_lightning.existing.fit import ExistingLearner
from mlfw_lightning.learner import Learner
from mlfw_lightning.ranks.attempts import Attempts
from mlfw_lightning.ranks.job import RESULT, note_start, write_job

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

# The name that the plugin registers `rank_job` by.
JOB_NAME = "lightning_rank"
GPUS = ("gpu", "cuda")
# The failure that the others follow from comes first.
FIRST = (FailureKind.user_error, FailureKind.lost, FailureKind.crash)


def starts_ranks(workers: Workers | None) -> bool:
    """Return whether an executor starts jobs together, so that ranks can be its jobs."""
    return workers is not None and type(workers).together is not Workers.together


def train_in_ranks(
    options: LightningTrainer,
    learner: Learner | ExistingLearner,
    context: FitContext,
    folder: Path | None,
) -> dict[str, Tensor]:
    """Train in one process a device; a rank that is lost or frozen is retried.

    All ranks start again then, as many as before, from the last checkpoint: the weights are the
    same as if none had been lost. Ranks are jobs of an executor that starts jobs together, and
    processes of this machine without one.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        context: The fit's context.
        folder: Where checkpoints are kept, if any are.

    Returns:
        The best weights by name.

    Raises:
        UserError: The configuration cannot be trained, or there is no room for all ranks.
        MlfwError: A rank was lost once more than the executor's retries allow.
        StopRequested: The ranks have saved and ended, as they were asked to.
    """
    job = context.folder.absolute() / "ranks"
    shutil.rmtree(job, ignore_errors=True)
    watch = RankWatch(context)
    try:
        if context.workers is not None and starts_ranks(context.workers):
            # Each of its workers sees one device, as if it were a machine of its own.
            world = options.devices * options.nodes
            spread = replace(options, devices=1, nodes=world)
            write_job(spread, learner, context, folder, job, alone=False)
            note_start(job)
            _together(context.workers, spread, job, watch)
        else:
            write_job(options, learner, context, folder, job, alone=True)
            Attempts(options, context, job, watch, keeps=folder is not None).run()
        weights = load((job / RESULT).read_bytes())
    finally:
        shutil.rmtree(job, ignore_errors=True)
    return dict(weights)


class RankWatch(mlfw.Watch):
    """Passes on what rank 0 tells, but nothing again that it told before it was started again.

    Args:
        context: Takes it.
    """

    def __init__(self, context: FitContext) -> None:
        self._context = context
        self._epoch = 0
        self._notes: set[str] = set()

    def started(self, job: Job, host: str) -> None:  # noqa: ARG002
        """Let the time that ranks need to start count from now."""
        note_start(Path(job.folder))

    def told(self, job: Job, message: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Pass on what a rank tells of its training."""
        for name, told in message.items():
            if name == "report" and told["epoch"] > self._epoch:
                self._epoch = told["epoch"]
                self._context.report(told["epoch"], told["values"])
            elif name == "progress":
                self._context.progress(told["done"], told["total"], told["values"])
            elif name == "note":
                self.note(told)

    def note(self, text: str) -> None:
        """Pass on a sentence that the user should read."""
        if text not in self._notes:
            self._notes.add(text)
            self._context.note(text)

    def stopping(self) -> bool:
        """Return whether the training is to save and end."""
        return self._context.stopping()


def _together(workers: Workers, options: LightningTrainer, job: Path, watch: RankWatch) -> None:
    """Train in ranks that an executor starts."""
    wants_gpu = options.accelerator in GPUS or (options.accelerator == "auto" and workers.gpus > 0)
    ranks = [Job(JOB_NAME, {}, str(job), f"rank {number}") for number in range(options.nodes)]
    results = workers.together(ranks, Resources(gpus=int(wants_gpu)), watch)
    failed = [result for result in results if result.failure is not None]
    for kind in FIRST:
        for result in failed:
            if result.failure is not None and result.failure.kind is kind:
                result.result()
