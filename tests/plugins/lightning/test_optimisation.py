"""How a network learns is set by keys, and each of them reaches the training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from mlfw import FitContext, LoadContext, Splits
from mlfw.components.limits import violations
from mlfw.components.search import default_space
from mlfw_lightning import LightningTrainer
from mlfw_lightning.learning.optimisation import (
    Averaging,
    Initialisation,
    Optimisation,
    OptimizerName,
    Schedule,
)
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_sklearn.dataset import Bundled, SklearnDataset

Values = Mapping[str, float]
EPOCHS = 6


class InterruptionError(Exception):
    """Ends a fit from within."""


def fit(folder: Path, data: Splits, *, end: int = 0, **model: Any) -> tuple[Any, list[Values]]:
    """Fit and return the predictor and what was reported; interrupted after an epoch, if any."""
    epochs: list[Values] = []

    def report(epoch: int, values: Values) -> None:
        epochs.append(values)
        if epoch == end:
            raise InterruptionError

    trainer = LightningTrainer(accelerator="cpu", epochs=EPOCHS, patience=None)
    context = FitContext(trainer=trainer, seed=0, folder=folder, report=report)
    predictor = MLP(width=16, **model).fit(data, context)
    assert isinstance(predictor, NetworkPredictor)
    return predictor, epochs


@pytest.fixture(scope="module")
def wine() -> Splits:
    return SklearnDataset(name=Bundled.wine).load(LoadContext())


@pytest.fixture(scope="module")
def usual(wine: Splits, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return fit(tmp_path_factory.mktemp("usual"), wine)[0].network.state_dict()


@pytest.mark.parametrize(
    "option",
    [
        {"optimizer": OptimizerName.muon},
        {"momentum": 0.5},
        {"schedule": Schedule.cosine},
        {"warmup": 0.3},
        {"label_smoothing": 0.2},
        {"init": Initialisation.orthogonal},
        {"average": Averaging.ema},
        {"average": Averaging.swa, "average_start": 0.5},
    ],
    ids=str,
)
def test_each_key_changes_what_is_learnt(
    option: dict[str, Any], usual: Any, wine: Splits, tmp_path: Path
) -> None:
    predictor, epochs = fit(tmp_path, wine, **option)

    weights = predictor.network.state_dict()
    assert any(not torch.equal(weights[name], value) for name, value in usual.items())
    assert epochs[-1]["validation/loss"] < epochs[0]["validation/loss"]


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": OptimizerName.muon, "schedule": Schedule.one_cycle},
        {"optimizer": OptimizerName.sgd, "average": Averaging.ema, "label_smoothing": 0.1},
        {
            "schedule": Schedule.plateau,
            "schedule_patience": 1,
            "average": Averaging.swa,
            "average_start": 0.3,
        },
    ],
    ids=str,
)
def test_a_broken_off_training_ends_as_an_unbroken_one(
    options: dict[str, Any], wine: Splits, tmp_path: Path
) -> None:
    whole, epochs = fit(tmp_path / "whole", wine, **options)
    with pytest.raises(InterruptionError):
        fit(tmp_path / "broken", wine, end=3, **options)

    continued, rest = fit(tmp_path / "broken", wine, **options)

    assert rest == epochs[2:]  # the third was told, and not kept
    weights, wanted = (one.network.state_dict() for one in (continued, whole))
    assert all(torch.equal(weights[name], value) for name, value in wanted.items())


def test_tuners_search_the_rate_and_the_decay_unless_told_otherwise() -> None:
    assert set(default_space(Optimisation)) == {"learning_rate", "weight_decay"}


@pytest.mark.parametrize(
    "options",
    [{"warmup": 1.0}, {"label_smoothing": -0.1}, {"momentum": 1.0}, {"schedule_drops": 0}],
    ids=str,
)
def test_values_beyond_their_limits_are_refused(options: dict[str, Any]) -> None:
    ((name, _),) = violations(Optimisation(**options))

    assert name in options
