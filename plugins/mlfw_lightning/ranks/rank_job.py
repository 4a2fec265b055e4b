"""The job of one rank: trains, tells of it, and the first rank writes the result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.torch import save

from mlfw import Imports, Job, JobContext, Rank
from mlfw.files import read_json, write_bytes
from mlfw_lightning.existing.fit import train_existing_here
from mlfw_lightning.loop.process import train_here
from mlfw_lightning.loop.watch import Watch
from mlfw_lightning.ranks.job import JOB, RESULT, existing_learner, table_learner
from mlfw_lightning.ranks.rendezvous import process_group
from mlfw_lightning.trainer import LightningTrainer

Tell = Callable[[Mapping[str, Any]], object]


def rank_job(job: Job, context: JobContext) -> None:
    """Train as one of the ranks that an executor has started together; see `train_as`."""
    train_as(
        context.rank,
        Path(job.folder),
        tell=context.tell,
        imports=context.imports,
        stopping=context.stopping,
    )


def train_as(
    rank: Rank, job: Path, *, tell: Tell, imports: Imports, stopping: Callable[[], bool]
) -> None:
    """Train as one of several ranks.

    Rank 0 tells of the training, in messages with one key: `report` (an epoch has ended),
    `progress` and `note`, as `mlfw.FitContext` has them; and it writes the best weights into the
    job's folder.

    Args:
        rank: Which rank this is, and where all meet.
        job: The job's folder.
        tell: Called with a message, from any thread.
        imports: Packages from which code may be imported.
        stopping: See `mlfw.FitContext`.

    Raises:
        UserError: What is to be trained cannot be.
        StopRequested: The training has saved and ended, as it was asked to.
    """
    content = read_json(job / JOB)
    options = LightningTrainer(**content["trainer"])
    checkpoints = Path(content["checkpoints"]) if content["checkpoints"] else None
    watch = _watch(tell, stopping) if rank.rank == 0 else Watch(stopping=stopping)
    # Processes take seconds to start; by the time of the day, as monotonic clocks may differ.
    spent = max(time.time() - content["began"], 0.0)
    existing = existing_learner(content, imports)
    with _variables(rank, options), process_group(options, rank):
        if existing is not None:
            weights = train_existing_here(
                options,
                existing,
                seed=content["seed"],
                folder=Path(content["folder"]),
                keep=checkpoints is not None,
                watch=watch,
                spent=spent,
            )
        else:
            weights = train_here(
                options,
                table_learner(content),
                seed=content["seed"],
                folder=checkpoints,
                watch=watch,
                rank=rank,
                spent=spent,
            )
    if rank.rank == 0:
        write_bytes(job / RESULT, save({k: v.contiguous() for k, v in weights.items()}))


@contextmanager
def _variables(rank: Rank, options: LightningTrainer) -> Iterator[None]:
    """Tell Lightning for the block which rank this is; it looks for that in the environment."""
    node, local = divmod(rank.rank, options.devices)
    told = {"RANK": rank.rank, "WORLD_SIZE": rank.world, "NODE_RANK": node, "LOCAL_RANK": local}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update({name: str(value) for name, value in told.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)  # Lightning may have removed it
            if value is not None:
                os.environ[name] = value


def _watch(tell: Tell, stopping: Callable[[], bool]) -> Watch:
    """Return a watch whose words go to the process that started this one."""

    def report(epoch: int, values: Mapping[str, float]) -> None:
        tell({"report": {"epoch": epoch, "values": dict(values)}})

    def progress(done: int, total: int, values: Mapping[str, float]) -> None:
        tell({"progress": {"done": done, "total": total, "values": dict(values)}})

    def note(sentence: str) -> None:
        tell({"note": sentence})

    return Watch(report=report, progress=progress, note=note, stopping=stopping)
