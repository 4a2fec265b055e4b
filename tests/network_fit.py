"""Fitting a small network in a process of its own, which tests may kill.

Run as `python network_fit.py FOLDER OPTIONS`, OPTIONS being JSON: `trainer` and `model` options,
`seed`, `kill_after` an epoch, `stop_after` so many steps, `final`. Writes the test
predictions, epochs and notes to FOLDER/out.json, and while it trains the last epoch's number to
FOLDER/epoch.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def fit(folder: Path, options: dict[str, Any], workers: Any = None) -> dict[str, Any]:
    """Fit and return predictions, the losses by epoch, and the weights."""
    from mlfw import FitContext, LoadContext
    from mlfw_lightning import LightningTrainer
    from mlfw_lightning.networks.mlp import MLP
    from mlfw_sklearn.dataset import Bundled, SklearnDataset

    data = SklearnDataset(name=Bundled(options.get("data", "wine"))).load(LoadContext())
    epochs: list[tuple[int, Mapping[str, float]]] = []
    notes: list[str] = []

    def report(epoch: int, values: Mapping[str, float]) -> None:
        epochs.append((epoch, values))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "epoch").write_text(str(epoch))
        if epoch == options.get("kill_after"):
            os.kill(os.getpid(), signal.SIGKILL)

    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked == options.get("stop_after")

    context = FitContext(
        trainer=LightningTrainer(**{"accelerator": "cpu", **options.get("trainer", {})}),
        seed=options.get("seed", 0),
        folder=folder,
        report=report,
        note=notes.append,
        workers=workers,
        stopping=stopping,
        final=options.get("final", True),
    )
    predictor = MLP(**options.get("model", {})).fit(data, context)
    weights = {k: v.tolist() for k, v in predictor.network.state_dict().items()}
    table = predictor.predict(data.test)
    predictions = table.to_pydict()
    return {"predictions": predictions, "epochs": epochs, "weights": weights, "notes": notes}


def assert_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Check that two fits have lost the same, and predict the same."""
    import pytest

    for (epoch, alone), (again, shared) in zip(one["epochs"], other["epochs"], strict=True):
        assert epoch == again
        assert shared == pytest.approx(alone, abs=1e-5)
    for name, values in one["predictions"].items():
        if name != "prediction":
            assert other["predictions"][name] == pytest.approx(values, abs=1e-4)


def main(folder: Path, options: dict[str, Any]) -> None:
    """Fit and write what came out, whole or not at all."""
    from mlfw.files import write_json

    write_json(folder / "out.json", fit(folder, options))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
