"""Networks that DeepSpeed divides learn what whole ones learn; by the same steps as on GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deepspeed_mark import needs_deepspeed
from mlfw import UserError
from mlfw_lightning.loop.sharded import check_divisible
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.ranks.strategies import check_device
from network_fit import assert_alike, fit


def options(**trainer: Any) -> dict[str, Any]:
    # 107 training rows in batches of 16: the last step of an epoch has one, smaller batch where
    # the others have two.
    plain = {"epochs": 3, "patience": None, "accumulate": 2}
    return {"trainer": {**plain, **trainer}, "model": {"dropout": 0.0, "batch_size": 16}}


@needs_deepspeed
@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["deepspeed_stage_1", "deepspeed_stage_2"])
def test_it_loses_and_learns_the_same_as_a_whole_one(strategy: str, tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole", options(gradient_clip=0.05))
    divided = fit(tmp_path / "divided", options(gradient_clip=0.05, devices=2, strategy=strategy))

    assert_alike(whole, divided)


@needs_deepspeed
@pytest.mark.slow
def test_it_computes_in_half_precision(tmp_path: Path) -> None:
    how = {"devices": 2, "strategy": "deepspeed", "precision": "bf16-mixed"}

    divided = fit(tmp_path, options(**how))

    losses = [values["train/loss"] for _, values in divided["epochs"]]
    assert losses == sorted(losses, reverse=True)


def test_what_it_cannot_do_is_refused() -> None:
    with pytest.raises(UserError, match="counts the steps of all weights together"):
        check_divisible(MLP(unfreeze_every=1), "deepspeed")
    with pytest.raises(UserError, match="DeepSpeed does not compute in it on CPUs"):
        check_device("deepspeed", "cpu", "16-mixed")
