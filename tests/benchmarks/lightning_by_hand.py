"""The same work as `mlfw run model=mlp` on the penguins, written by hand with Lightning.

Reads the CSV with pandas, infers nothing, divides by class, imputes, scales and encodes with
scikit-learn, trains, measures with torchmetrics on validation and test, and saves.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_auroc,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

NUMBERS = ["Culmen Length (mm)", "Culmen Depth (mm)", "Flipper Length (mm)", "Body Mass (g)",
           "Delta 15 N (o/oo)", "Delta 13 C (o/oo)"]  # fmt: skip
CATEGORIES = ["Region", "Island", "Stage", "Clutch Completion", "Sex", "Comments"]


class Net(pl.LightningModule):
    """A perceptron."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(inputs, 128), nn.ReLU(), nn.Dropout(0.1),
            nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, classes),
        )  # fmt: skip
        self.begun = 0.0

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        """Return the loss."""
        self.begun = self.begun or time.time()
        x, y = batch
        loss = functional.cross_entropy(self.net(x), y)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: list[torch.Tensor], index: int) -> None:
        """Log the loss."""
        x, y = batch
        self.log("validation/loss", functional.cross_entropy(self.net(x), y))

    def on_train_end(self) -> None:
        """Note when the first and the last step were."""
        Path(os.environ["STEP_TIMES"]).write_text(f"{self.begun} {time.time()}")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return AdamW."""
        return torch.optim.AdamW(self.parameters(), lr=3e-3)


def main(path: str) -> None:
    """Do the work."""
    frame = pd.read_csv(path)
    codes = LabelEncoder().fit_transform(frame["Species"])
    rest, test = train_test_split(
        np.arange(len(codes)), test_size=0.2, stratify=codes, random_state=0
    )
    train, validation = train_test_split(rest, test_size=0.25, stratify=codes[rest], random_state=0)
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
            ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        ],
        sparse_threshold=0,
    )
    prepare.fit(frame.iloc[train])
    x = torch.tensor(prepare.transform(frame), dtype=torch.float32)
    y = torch.tensor(codes)
    net = Net(x.shape[1], int(y.max()) + 1)
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=".",
    )  # fmt: skip
    trainer.fit(
        net,
        DataLoader(TensorDataset(x[train], y[train]), 16, shuffle=True),
        DataLoader(TensorDataset(x[validation], y[validation]), 256),
    )
    net.eval()
    metrics = {}
    for name, index in (("validation", validation), ("test", test)):
        with torch.no_grad():
            shares = net.net(x[index]).softmax(dim=1)
        classes = shares.shape[1]
        metrics[name] = {
            "accuracy": multiclass_accuracy(shares, y[index], classes).item(),
            "f1": multiclass_f1_score(shares, y[index], classes).item(),
            "precision": multiclass_precision(shares, y[index], classes).item(),
            "recall": multiclass_recall(shares, y[index], classes).item(),
            "auroc": multiclass_auroc(shares, y[index], classes).item(),
        }
    Path("metrics.json").write_text(json.dumps(metrics))
    torch.save(net.state_dict(), "net.pt")


if __name__ == "__main__":
    main(sys.argv[1])
