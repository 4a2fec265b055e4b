"""The checkpoints of a training: what is written can be read again, and the newest one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from made_curves import BASELINE, made_curve
from mlfw_lightning import LightningTrainer
from mlfw_lightning.curves.advice import settings_of
from mlfw_lightning.curves.plateau import Plateau
from mlfw_lightning.loop.checkpoint import Checkpoints
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.trainer import OnPlateau


@pytest.mark.parametrize("shape", ["over-fitting", "plateau"])
def test_a_training_continues_after_what_it_has_said_of_its_curve(
    tmp_path: Path, shape: str
) -> None:
    trainer = LightningTrainer(on_plateau=OnPlateau.advise)
    plateau = Plateau(trainer.on_plateau, settings=settings_of(MLP(), trainer), baseline=BASELINE)
    curve = made_curve(shape, 60, noise=0.003)
    for epoch in range(60):
        plateau.epoch_ended(epoch + 1, curve.train[epoch], curve.validation[epoch], 0.01)
    assert plateau.diagnosis is not None
    assert plateau.diagnosis.advice
    notes: list[str] = []
    checkpoints = Checkpoints(tmp_path, "this one", notes.append)

    checkpoints.save({"epoch": 60, "plateau": plateau.state_dict()})

    state = checkpoints.load()
    assert state is not None, notes
    assert state["plateau"] == plateau.state_dict()


def test_a_damaged_checkpoint_does_not_outlive_those_written_after_it(tmp_path: Path) -> None:
    notes: list[str] = []
    checkpoints = Checkpoints(tmp_path, "this one", notes.append)
    checkpoints.save({"epoch": 7})
    checkpoints.save({"epoch": 8})
    for path in tmp_path.iterdir():
        path.write_bytes(b"half")
    assert checkpoints.load() is None
    assert len(notes) == 2

    checkpoints.save({"epoch": 1})
    checkpoints.save({"epoch": 1, "step": 3})

    state = checkpoints.load()
    assert state is not None
    assert (state["epoch"], state["step"]) == (1, 3)
    assert len(list(tmp_path.iterdir())) == 2


def test_checkpoints_of_another_training_do_not_outlive_those_of_this_one(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "another one").save({"epoch": 40})
    checkpoints = Checkpoints(tmp_path, "this one")

    checkpoints.save({"epoch": 1})
    checkpoints.save({"epoch": 2})

    state = checkpoints.load()
    assert state is not None
    assert state["epoch"] == 2
