"""The job of one rank."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from safetensors.torch import save

from mlfw import Imports
from mlfw.files import read_json, write_bytes
from mlfw_lightning.existing.fit import train_existing_here
from mlfw_lightning.loop.process import Place, train_here
from mlfw_lightning.loop.watch import Watch
from mlfw_lightning.ranks.job import RESULT, existing_learner, table_learner
from mlfw_lightning.ranks.lines import LineWriter
from mlfw_lightning.ranks.local_ranks import JOB
from mlfw_lightning.ranks.rendezvous import process_group
from mlfw_lightning.trainer import LightningTrainer


def train_job(
    job: Path, channel: LineWriter, imports: Imports, stopping: Callable[[], bool]
) -> None:
    """Train; rank 0 tells of it, and writes the best weights.

    Args:
        job: The folder of the job.
        channel: How the process that started this one is told.
        imports: What may be imported.
        stopping: See `mlfw.FitContext`.
    """
    content = read_json(job / JOB)
    options = LightningTrainer(**content["trainer"])
    checkpoints = Path(content["checkpoints"]) if content["checkpoints"] else None
    place = Place(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    watch = _watch(channel, stopping) if place.rank == 0 else Watch(stopping=stopping)
    # Processes take seconds to start; by the time of the day, as monotonic clocks may differ.
    spent = max(time.time() - content["began"], 0.0)
    existing = existing_learner(content, imports)
    with _meeting(options, content["store"], place):
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


def _meeting(
    options: LightningTrainer, store: str | None, place: Place
) -> AbstractContextManager[None]:
    """Return the process group of one machine; Lightning makes that of several."""
    if store is None:
        return nullcontext()
    return process_group(options, Path(store), rank=place.rank, world=place.world)


def _watch(channel: LineWriter, stopping: Callable[[], bool]) -> Watch:
    """Return a watch whose words go to the process that started this one."""

    def report(epoch: int, values: Mapping[str, float]) -> None:
        channel.send(report={"epoch": epoch, "values": dict(values)})

    def progress(done: int, total: int, values: Mapping[str, float]) -> None:
        channel.send(progress={"done": done, "total": total, "values": dict(values)})

    def note(sentence: str) -> None:
        channel.send(note=sentence)

    return Watch(report=report, progress=progress, note=note, stopping=stopping)
