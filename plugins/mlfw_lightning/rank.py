"""One rank of a training: reads its job, trains, and the first rank writes the result.

Run by `mlfw_lightning.ranks` as `python -m mlfw_lightning.rank FOLDER [--allow-import PACKAGE]`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from mlfw import Component, Imports, UserError
from mlfw.config.components import build_component
from mlfw.files import read_json, write_bytes, write_json
from mlfw.plugins import load_plugins
from mlfw_lightning.existing_fit import ExistingLearner, train_existing_here
from mlfw_lightning.existing_module import ExistingModule
from mlfw_lightning.heads import Head
from mlfw_lightning.learner import Learner
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.process import Place, train_here
from mlfw_lightning.ranks import ALLOW_IMPORT, ERROR, JOB, PROGRESS, RESULT
from mlfw_lightning.trainer import LightningTrainer
from mlfw_lightning.watch import Watch
from mlfw_tabular.arrays import StoredArrays
from mlfw_tabular.prepare import Augmentation
from mlfw_tabular.prepared import SETS


def main(arguments: Sequence[str]) -> int:
    """Train as one rank; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", type=Path)
    parser.add_argument(ALLOW_IMPORT, action="append", default=[], dest="packages")
    options = parser.parse_args(arguments)
    job = options.job
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    local = int(os.environ["LOCAL_RANK"])
    try:
        _train(job, local, Imports.of(options.packages))
    except UserError as error:
        note = {"problem": error.problem, "remedy": error.remedy}
        write_json(job / f"{local}-{ERROR}", note)
        return 2
    return 0


def _train(job: Path, local: int, imports: Imports) -> None:
    content = read_json(job / JOB)
    options = LightningTrainer(**content["trainer"])

    def report(epoch: int, values: Mapping[str, float]) -> None:
        with (job / PROGRESS).open("a") as file:
            file.write(json.dumps({"epoch": epoch, "values": values}) + "\n")

    if "data" in content:
        weights = _train_existing(content, options, imports, report)
    else:
        weights = train_here(
            options,
            _learner(content),
            seed=content["seed"],
            folder=Path(content["checkpoints"]) if content["checkpoints"] else None,
            watch=Watch(report=report),
            place=Place(
                rank=int(os.environ["NODE_RANK"]) * options.devices + local,
                world=options.devices * options.nodes,
            ),
        )
    if local == 0:
        write_bytes(job / RESULT, save({k: v.contiguous() for k, v in weights.items()}))


def _train_existing(
    content: dict[str, Any],
    options: LightningTrainer,
    imports: Imports,
    report: Callable[[int, Mapping[str, float]], None],
) -> dict[str, Tensor]:
    component = _model(content)
    assert isinstance(component, ExistingModule)
    return train_existing_here(
        options,
        ExistingLearner.from_json(component, content["data"], imports),
        seed=content["seed"],
        folder=Path(content["folder"]),
        keep=content["checkpoints"] is not None,
        report=report,
    )


def _model(content: dict[str, Any]) -> Component:
    entry = load_plugins().registry.get("model", content["model"]["name"])
    return build_component(entry, content["model"]["options"], "model")


def _learner(content: dict[str, Any]) -> Learner:
    component = _model(content)
    assert isinstance(component, Network)
    stored = [StoredArrays(Path(content[name])) for name in SETS]
    train, validation = stored if content["streamed"] else [rows.load() for rows in stored]
    heads = tuple(Head.from_json(head) for head in content["heads"])
    shape = InputShape.from_json(content["shape"])
    vary = {name: Augmentation(**how) for name, how in content["vary"].items()}
    names = tuple(content["names"])
    return Learner(component, shape, heads, train, validation, vary, content["key"], names)


def _end_with_parent(parent: int) -> None:
    """End this process when the one that started it has gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
