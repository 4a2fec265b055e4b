"""What a training follows from: a checkpoint of another one is not used."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from mlfw.files import digest
from mlfw_lightning.learner import Learner

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer
    from mlfw_tabular import Arrays

ROWS_AT_ONCE = 65_536
# Devices and nodes too, as long as there are as many processes.
MAY_CHANGE = (
    "epochs", "max_time", "checkpoint_minutes", "workers", "timeout", "devices", "nodes",
)  # fmt: skip


def training_key(options: LightningTrainer, learner: Learner, seed: int) -> str:
    """Return what a training follows from, as a short text; it may be continued for more epochs.

    Args:
        options: The trainer's configuration.
        learner: What is trained.
        seed: What all randomness follows from.
    """
    settings = {key: value for key, value in asdict(options).items() if key not in MAY_CHANGE}
    settings["world"] = options.devices * options.nodes
    model = OmegaConf.to_container(OmegaConf.structured(learner.model), enum_to_str=True)
    heads = [head.to_json() for head in learner.heads]
    rows = learner.key or _sums(learner)
    start = learner.model.fingerprint()
    return digest(
        [settings, model, start, asdict(learner.shape), heads, rows, learner.train.rows, seed]
    )


def _sums(learner: Learner) -> list[float]:
    """Return what tells one set of rows from another where nothing better is known."""
    return [total for arrays in (learner.train, learner.validation) for total in _totals(arrays)]


def _totals(arrays: Arrays) -> list[float]:
    """Return the sum of every array, some rows at a time: they may be too many for memory."""
    totals: dict[str, float] = {}
    for start in range(0, arrays.rows, ROWS_AT_ONCE):
        for name, part in arrays.read(start, min(start + ROWS_AT_ONCE, arrays.rows)).items():
            totals[name] = totals.get(name, 0.0) + float(part.sum(dtype=float))
    return list(totals.values())
