"""What the ranks of a training are given to do, as data in a folder.

The model's registered name and options, the trainer's options, the folders that hold the rows:
ranks never see the command line and never compose a configuration.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from mlfw import Component, FitContext, Imports
from mlfw.config.components import build_component
from mlfw.files import link_folder, read_json, write_json
from mlfw.plugins import load_plugins
from mlfw_lightning.existing.fit import ExistingLearner
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.heads import Head
from mlfw_lightning.learner import Learner
from mlfw_lightning.network import InputShape, Network
from mlfw_tabular import SETS, Arrays, ArrayWriter, Augmentation, MemoryArrays, StoredArrays

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

JOB = "job.json"
RESULT = "result.safetensors"


def write_job(
    options: LightningTrainer,
    learner: Learner | ExistingLearner,
    context: FitContext,
    checkpoints: Path | None,
    job: Path,
    *,
    alone: bool,
) -> None:
    """Write all that ranks need into a folder that they all can read; see `note_start` too.

    Args:
        options: The trainer's configuration.
        learner: What to train.
        context: The fit's context.
        checkpoints: Where checkpoints are kept, if any are.
        job: The folder.
        alone: Whether all ranks are processes of this machine.
    """
    content: dict[str, Any] = {
        "trainer": asdict(options),
        "seed": context.seed,
        "folder": str(context.folder.absolute()),
        "checkpoints": str(checkpoints.absolute()) if checkpoints else None,
    }
    if isinstance(learner, ExistingLearner):
        content |= _existing(learner)
    else:
        content |= _table(learner, job, alone=alone)
    write_json(job / JOB, content)


def note_start(job: Path) -> None:
    """Write when an attempt at a job begins: the time that ranks need to start counts too."""
    write_json(job / JOB, {**read_json(job / JOB), "began": time.time()})


def existing_learner(content: Mapping[str, Any], imports: Imports) -> ExistingLearner | None:
    """Return the existing module of a job and its data; None where it has none.

    Args:
        content: The job.
        imports: What the rank's own command line allows to be imported.
    """
    if "data" not in content:
        return None
    component = _model(content)
    assert isinstance(component, ExistingModule)
    return ExistingLearner.from_json(component, content["data"], imports)


def table_learner(content: Mapping[str, Any]) -> Learner:
    """Return the network of a job and its rows."""
    component = _model(content)
    assert isinstance(component, Network)
    stored = [StoredArrays(Path(content[name])) for name in SETS]
    train, validation = stored if content["streamed"] else [rows.load() for rows in stored]
    heads = tuple(Head.from_json(head) for head in content["heads"])
    shape = InputShape.from_json(content["shape"])
    vary = {name: Augmentation(**how) for name, how in content["vary"].items()}
    names = tuple(content["names"])
    return Learner(component, shape, heads, train, validation, vary, content["key"], names)


def _model(content: Mapping[str, Any]) -> Component:
    entry = load_plugins().registry.get("model", content["model"]["name"])
    return build_component(entry, content["model"]["options"], "model")


def _existing(learner: ExistingLearner) -> dict[str, Any]:
    name = load_plugins().registry.entry_of(learner.model).name
    known = learner.to_json()
    return {"model": {"name": name, "options": known["model"]}, "data": known["data"]}


def _table(learner: Learner, job: Path, *, alone: bool) -> dict[str, Any]:
    entry = load_plugins().registry.entry_of(learner.model)
    model = OmegaConf.to_container(OmegaConf.structured(learner.model), enum_to_str=True)
    return {
        "model": {"name": entry.name, "options": model},
        "shape": asdict(learner.shape),
        "heads": [head.to_json() for head in learner.heads],
        "vary": {name: how.chosen() for name, how in learner.vary.items()},
        "key": learner.key,
        "names": list(learner.names),
        "streamed": not isinstance(learner.train, MemoryArrays),
        **{name: str(_stored(learner, name, job, alone=alone).absolute()) for name in SETS},
    }


def _stored(learner: Learner, name: str, job: Path, *, alone: bool) -> Path:
    """Return the folder of the training or validation rows, which all nodes can read."""
    rows: Arrays = getattr(learner, name)
    place = job / name
    if not isinstance(rows, StoredArrays):
        with ArrayWriter(place) as writer:
            writer.append(rows.read(0, rows.rows))
        return place
    in_run = rows.folder.absolute().is_relative_to(job.absolute().parent)
    if not alone and not in_run:  # such as the cache of this machine
        link_folder(rows.folder, place)
        return place
    return rows.folder
