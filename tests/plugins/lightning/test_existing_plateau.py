"""An existing module's training is judged by what it logs, and its learning rates are lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from conftest import Mlfw
from existing_package import run_arguments
from mlfw import FitContext, Imports, Objective
from mlfw_lightning import LightningTrainer
from mlfw_lightning.existing.data import DataModuleSource
from mlfw_lightning.existing.epochs import BestEpoch
from mlfw_lightning.existing.fit import ExistingLearner
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.existing.plateau import Follower
from mlfw_lightning.loop.watch import untold
from mlfw_lightning.trainer import OnPlateau


class Scripted(pl.LightningModule):
    """It logs the losses that it is given, and remembers its learning rates."""

    train_name = "train_loss"

    def __init__(self, validation: list[float], train: list[float], schedule: bool) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.script = validation, train
        self.schedule = schedule
        self.rates: list[float] = []

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        self.rates.append(self.trainer.optimizers[0].param_groups[0]["lr"])
        self.log(self.train_name, torch.tensor(self.script[1][self.current_epoch]), on_epoch=True)
        return self.layer(batch[0]).mean()

    def validation_step(self, batch: list[Tensor], index: int) -> None:
        self.log("val_loss", torch.tensor(self.script[0][self.current_epoch]))

    def configure_optimizers(self) -> object:
        optimizer = torch.optim.SGD(self.parameters(), 0.1)
        if not self.schedule:
            return optimizer
        halved = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.99**epoch)
        return [optimizer], [halved]


def trained(
    on_plateau: OnPlateau,
    validation: list[float],
    train: list[float],
    *,
    patience: int | None = None,
    schedule: bool = False,
) -> tuple[Scripted, BestEpoch, list[str]]:
    """Train by a script and return the module, its best epoch and what was noted."""
    notes: list[str] = []
    objective = Objective("val_loss", higher_is_better=False)
    component = ExistingModule(module="some:Scripted", options={"lr": 0.1})
    options = LightningTrainer(on_plateau=on_plateau)
    best = BestEpoch(objective, patience, Follower.of(options, component, objective, notes.append))
    module = Scripted(validation, train, schedule)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=len(validation),
        callbacks=[best],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    rows = DataLoader(TensorDataset(torch.ones(2, 1)), 2)
    trainer.fit(module, rows, rows)
    return module, best, notes


FLAT = [0.9, 0.6, 0.5, *[0.45 + 1e-3 * (i % 2) for i in range(17)]]
OVER_FITTING = [0.9, 0.6, 0.4, *[0.4 + 0.02 * i for i in range(12)]]
MEMORISED = [0.9 * 0.7**i for i in range(15)]


def test_over_fitting_is_told_with_its_own_names() -> None:
    _, _, notes = trained(OnPlateau.advise, OVER_FITTING, MEMORISED)

    assert len(notes) == 1
    assert notes[0].startswith("val_loss was best (0.4 at epoch 3) and has been worse since (")
    assert "while train_loss_epoch went on improving (0.441 at epoch 3" in notes[0]


def test_a_sentence_has_the_name_under_which_the_training_value_was_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Scripted, "train_name", "training_loss")

    _, best, notes = trained(OnPlateau.advise, OVER_FITTING, MEMORISED)

    assert "while training_loss_epoch went on improving (0.441 at epoch 3" in notes[0]
    assert best.follower is not None
    assert set(best.follower.judged) == {"training_loss_epoch", "val_loss"}


def test_the_values_that_are_kept_are_those_that_decide(
    blobs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_all_processes(trainer: pl.Trainer, value: Tensor) -> float:
        return 10 + float(value)

    kept = []
    monkeypatch.setattr("mlfw_lightning.existing.epochs.shared", of_all_processes)
    trainer = LightningTrainer(accelerator="cpu", epochs=2)

    fitted(tmp_path, trainer, lambda _, values: kept.append(values["val_loss"]))

    assert len(kept) == 2
    assert min(kept) > 10


def test_at_a_plateau_its_learning_rate_is_lowered() -> None:
    module, _, notes = trained(OnPlateau.lower_lr, FLAT, FLAT)

    assert module.rates[0] == 0.1
    assert module.rates[-1] == pytest.approx(0.1 * 0.2)
    assert notes[0].endswith("learning rate (0.1) is multiplied by 0.2 (1 of at most 3 times).")


def test_schedules_go_on_from_the_lower_rate() -> None:
    module, _, _ = trained(OnPlateau.lower_lr, FLAT, FLAT, schedule=True)

    assert module.rates[-1] == pytest.approx(0.1 * 0.2 * 0.99**19)


def test_patience_is_counted_anew_after_a_lowering() -> None:
    losses = [0.5, *[0.6] * 13]

    module, best, _ = trained(OnPlateau.lower_lr, losses, losses, patience=3)

    assert len(module.rates) == 1 + 4 * 3
    assert best.stopped


def test_without_it_patience_stops_as_ever() -> None:
    losses = [0.5, *[0.6] * 13]

    module, best, _ = trained(OnPlateau.advise, losses, losses, patience=3)

    assert len(module.rates) == 4
    assert best.stopped


def test_stop_ends_an_over_fitting_training() -> None:
    module, best, notes = trained(OnPlateau.stop, OVER_FITTING, MEMORISED)

    assert best.stopped
    assert len(module.rates) < 15
    assert notes[0].endswith("Training stops (trainer.on_plateau=stop).")


def fitted(
    folder: Path,
    trainer: LightningTrainer,
    report: Callable[[int, Mapping[str, float]], None] = untold,
) -> tuple[dict[str, Tensor], list[str]]:
    """Train the module of the package and return its weights and what was noted."""
    notes: list[str] = []
    imports = Imports.of(["blobs"])
    context = FitContext(
        trainer=trainer, seed=0, folder=folder, report=report, note=notes.append, imports=imports
    )
    module = ExistingModule(module="blobs.nets:Net", options={"lr": 0.05, "width": 32})
    data = DataModuleSource("blobs.data:Blobs", {"rows": 48, "batch_size": 8}, imports)
    return trainer.train(ExistingLearner(module, data), context), notes


def test_a_fit_says_what_to_try_with_the_modules_own_options(blobs: Path, tmp_path: Path) -> None:
    trainer = LightningTrainer(accelerator="cpu", epochs=6)

    _, notes = fitted(tmp_path, trainer)

    assert len(notes) == 1
    assert notes[0].startswith("val_loss still improves (")
    assert "Try trainer.epochs=12" in notes[0]


def test_interrupted_after_a_lowering_it_ends_the_same(blobs: Path, tmp_path: Path) -> None:
    trainer = LightningTrainer(
        accelerator="cpu", epochs=30, patience=1, on_plateau=OnPlateau.lower_lr
    )
    whole, notes = fitted(tmp_path / "whole", trainer)
    lowered = sum("is multiplied by 0.2" in note for note in notes)

    def interrupt(epoch: int, values: Mapping[str, float]) -> None:
        if epoch == 14:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fitted(tmp_path / "parts", trainer, interrupt)
    continued, later = fitted(tmp_path / "parts", trainer)

    assert lowered == 3
    assert later == notes[-len(later) :]
    assert 0 < len(later) < len(notes)
    assert all(torch.equal(whole[name], continued[name]) for name in whole)


def test_an_unknown_way_is_refused(mlfw_here: Mlfw) -> None:
    run = mlfw_here("run", "--allow-import", "blobs", *run_arguments(), "trainer.on_plateau=wait")

    assert run.returncode == 2
    assert "trainer.on_plateau" in run.stderr
    assert "lower_lr" in run.stderr
