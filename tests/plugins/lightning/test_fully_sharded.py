"""A network that is divided over processes learns what a whole one learns.

The processes compute on CPUs, by the same steps as on GPUs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlfw import UserError
from network_fit import assert_alike, fit

# 107 training rows in batches of 16: the last batch is smaller and divides unevenly.
ONE: dict[str, Any] = {
    "trainer": {"epochs": 3, "patience": None},
    # So wide that a layer is a part of its own.
    "model": {"dropout": 0.0, "batch_size": 16, "width": 512, "learning_rate": 3e-4},
}
DIVIDED = {"devices": 2, "strategy": "fsdp"}


def changed(model: dict[str, Any] | None = None, **trainer: Any) -> dict[str, Any]:
    return {"trainer": {**ONE["trainer"], **trainer}, "model": {**ONE["model"], **(model or {})}}


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_it_loses_and_learns_the_same_as_a_whole_one(optimizer: str, tmp_path: Path) -> None:
    # Seven batches: the last step of an epoch has one where the others have two.
    options = {"accumulate": 2, "gradient_clip": 0.05}
    whole = fit(tmp_path / "whole", changed({"optimizer": optimizer}, **options))
    divided = fit(tmp_path / "divided", changed({"optimizer": optimizer}, **options, **DIVIDED))

    assert_alike(whole, divided)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["16-mixed", "bf16-mixed"])
def test_it_computes_in_half_precision(precision: str, tmp_path: Path) -> None:
    divided = fit(tmp_path, changed(precision=precision, gradient_clip=0.5, **DIVIDED))

    losses = [values["train/loss"] for _, values in divided["epochs"]]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({"average": "ema"}, "no mean can be kept of weights that are divided"),
        ({"optimizer": "muon"}, "looks at whole matrices of weights"),
    ],
)
def test_what_cannot_be_divided_is_refused_before_a_process_starts(
    model: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=problem):
        fit(tmp_path, changed(model, **DIVIDED))

    assert not (tmp_path / "ranks").exists()
