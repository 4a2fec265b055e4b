"""A package with a LightningModule and a LightningDataModule, as somebody may have written it.

It knows nothing of mlfw. Importing it writes the file named in `BLOBS_MARK`, so that tests can
tell that nothing imports it; `BLOBS_KILL=EPOCH,BATCH` ends the process there.
"""

from __future__ import annotations

from pathlib import Path

INIT = """
import os

if "BLOBS_MARK" in os.environ:
    open(os.environ["BLOBS_MARK"], "w").close()
"""

DATA = '''
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset


class Blobs(pl.LightningDataModule):
    """Two classes of points around two centres."""

    def __init__(self, rows: int = 96, batch_size: int = 16):
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage=None):
        draw = torch.Generator().manual_seed(3)
        rows = self.hparams.rows
        y = torch.randint(0, 2, (rows,), generator=draw)
        x = torch.randn(rows, 4, generator=draw) + 1.5 * y[:, None]
        third = rows // 3
        starts = (0, third, 2 * third)
        self.parts = [TensorDataset(x[i : i + third], y[i : i + third]) for i in starts]

    def train_dataloader(self):
        return DataLoader(self.parts[0], self.hparams.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.parts[1], 64)

    def test_dataloader(self):
        return DataLoader(self.parts[2], 64)


class Untested(Blobs):
    """It has no test data."""

    test_dataloader = pl.LightningDataModule.test_dataloader
'''

NETS = '''
import os
import signal

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional


class Net(pl.LightningModule):
    """A small network with dropout, momentum and a schedule that follows the validation loss."""

    def __init__(self, width: int = 8, lr: float = 0.05):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Linear(4, width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(width, 2)
        )

    def step(self, batch, name):
        x, y = batch
        scores = self.net(x)
        loss = functional.cross_entropy(scores, y)
        accuracy = (scores.argmax(1) == y).float().mean()
        self.log_dict({f"{name}_loss": loss, f"{name}_acc": accuracy}, sync_dist=True)
        return loss

    def training_step(self, batch, index):
        if os.environ.get("BLOBS_KILL") == f"{self.current_epoch},{index}":
            os.kill(os.getpid(), signal.SIGKILL)
        self.logger.experiment.add_scalar("seen", index)
        return self.step(batch, "train")

    def validation_step(self, batch, index):
        self.step(batch, "val")

    def test_step(self, batch, index):
        self.step(batch, "test")

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), self.hparams.lr, momentum=0.9)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.7)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "monitor": "val_loss"},
        }


class Late(Net):
    """Its layers come in setup, when Lightning knows the stage."""

    def __init__(self):
        super().__init__()
        del self.net

    def setup(self, stage):
        self.net = nn.Linear(4, 2)


class Unvalidated(Net):
    """It validates nothing and has a plain optimiser."""

    validation_step = pl.LightningModule.validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.hparams.lr)


class Tied(Net):
    """Two of its layers share their weights."""

    def __init__(self):
        super().__init__()
        first, second = nn.Linear(4, 4), nn.Linear(4, 4)
        second.weight = first.weight
        self.net = nn.Sequential(first, second, nn.Linear(4, 2))


class Raises(Net):
    def __init__(self):
        raise RuntimeError("no such encoder")


class Needs(Net):
    def __init__(self, *, size):
        super().__init__(size)


class KeepsObjects(Net):
    def on_save_checkpoint(self, checkpoint):
        checkpoint["vocabulary"] = Vocabulary()


class Diverges(Net):
    def validation_step(self, batch, index):
        self.log("val_loss", torch.tensor(float("nan")))


class Unstepped(pl.LightningModule):
    """It lacks training_step."""


class Vocabulary:
    pass


def make():
    return Net()
'''


def write_package(folder: Path, name: str = "blobs") -> Path:
    """Write the package into a folder, and return the folder."""
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(INIT)
    (package / "data.py").write_text(DATA)
    (package / "nets.py").write_text(NETS)
    (package / "broken.py").write_text("raise OSError('no licence file')\n")
    return folder


def run_arguments(net: str = "Net", data: str = "Blobs") -> list[str]:
    """Return what stands behind `mlfw run` to train it shortly."""
    return [
        "dataset=lightning",
        f"dataset.module=blobs.data:{data}",
        "model=lightning",
        f"model.module=blobs.nets:{net}",
        "trainer.accelerator=cpu",
        "trainer.epochs=3",
    ]
