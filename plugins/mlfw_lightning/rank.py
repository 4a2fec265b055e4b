"""One rank of a training: reads its job, trains, and the first rank writes the result.

Run as `python -m mlfw_lightning.rank FOLDER` by `mlfw_lightning.ranks`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save

from mlfw import UserError
from mlfw.config.components import build_component
from mlfw.files import read_json, write_bytes, write_json
from mlfw.plugins import load_plugins
from mlfw_lightning.heads import Head
from mlfw_lightning.learner import Learner
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.process import Place, train_here
from mlfw_lightning.ranks import ERROR, JOB, PROGRESS, RESULT
from mlfw_lightning.trainer import LightningTrainer
from mlfw_tabular.arrays import StoredArrays
from mlfw_tabular.prepare import Augmentation
from mlfw_tabular.prepared import SETS


def main(job: Path) -> int:
    """Train as one rank; return the exit status."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    local = int(os.environ["LOCAL_RANK"])
    try:
        _train(job, local)
    except UserError as error:
        note = {"problem": error.problem, "remedy": error.remedy}
        write_json(job / f"{local}-{ERROR}", note)
        return 2
    return 0


def _train(job: Path, local: int) -> None:
    content = read_json(job / JOB)
    options = LightningTrainer(**content["trainer"])
    learner = _learner(content)

    def report(epoch: int, values: Mapping[str, float]) -> None:
        with (job / PROGRESS).open("a") as file:
            file.write(json.dumps({"epoch": epoch, "values": values}) + "\n")

    weights = train_here(
        options,
        learner,
        seed=content["seed"],
        folder=Path(content["checkpoints"]) if content["checkpoints"] else None,
        report=report,
        place=Place(
            rank=int(os.environ["NODE_RANK"]) * options.devices + local,
            world=options.devices * options.nodes,
        ),
    )
    if local == 0:
        write_bytes(job / RESULT, save({k: v.contiguous() for k, v in weights.items()}))


def _learner(content: dict[str, Any]) -> Learner:
    model = content["model"]
    entry = load_plugins().registry.get("model", model["name"])
    component = build_component(entry, model["options"], "model")
    assert isinstance(component, Network)
    stored = [StoredArrays(Path(content[name])) for name in SETS]
    train, validation = stored if content["streamed"] else [rows.load() for rows in stored]
    heads = tuple(Head.from_json(head) for head in content["heads"])
    shape = InputShape.from_json(content["shape"])
    vary = {name: Augmentation(**how) for name, how in content["vary"].items()}
    return Learner(component, shape, heads, train, validation, vary, content["key"])


def _end_with_parent(parent: int) -> None:
    """End this process when the one that started it has gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
