"""The job of one rank."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import save

from mlfw import Imports
from mlfw.files import read_json, write_bytes
from mlfw_lightning.existing.fit import train_existing_here
from mlfw_lightning.loop.process import Place, train_here
from mlfw_lightning.loop.watch import Watch
from mlfw_lightning.ranks.job import JOB, RESULT, existing_learner, table_learner
from mlfw_lightning.ranks.launcher import Message
from mlfw_lightning.ranks.rendezvous import process_group
from mlfw_lightning.trainer import LightningTrainer

if TYPE_CHECKING:
    from mlfw_lightning.ranks.rendezvous import Meeting


def train_rank(
    job: Path,
    meeting: Meeting,
    *,
    tell: Callable[[Message], object],
    imports: Imports,
    stopping: Callable[[], bool],
) -> None:
    """Train as one rank of a group, in a process of its own; see `RankLauncher`.

    The environment variables of `RankGroup.variables` say which rank it is. Rank 0 tells of the
    training, in JSON data with one key: `report` (an epoch has ended), `progress` and `note`, as
    `mlfw.FitContext` has them; and it writes the best weights into the job's folder.

    Args:
        job: The job's folder.
        meeting: Where the ranks meet: a URL that `torch.distributed.init_process_group` takes,
            or a store of torch.
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
    place = Place(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    watch = _watch(tell, stopping) if place.rank == 0 else Watch(stopping=stopping)
    # Processes take seconds to start; by the time of the day, as monotonic clocks may differ.
    spent = max(time.time() - content["began"], 0.0)
    existing = existing_learner(content, imports)
    with process_group(options, meeting, rank=place.rank, world=place.world):
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
                place=place,
                spent=spent,
            )
    if place.rank == 0:
        write_bytes(job / RESULT, save({k: v.contiguous() for k, v in weights.items()}))


def _watch(tell: Callable[[Message], object], stopping: Callable[[], bool]) -> Watch:
    """Return a watch whose words go to the process that started this one."""

    def report(epoch: int, values: Mapping[str, float]) -> None:
        tell({"report": {"epoch": epoch, "values": dict(values)}})

    def progress(done: int, total: int, values: Mapping[str, float]) -> None:
        tell({"progress": {"done": done, "total": total, "values": dict(values)}})

    def note(sentence: str) -> None:
        tell({"note": sentence})

    return Watch(report=report, progress=progress, note=note, stopping=stopping)
