"""Estimates of trainings, from a few timed steps."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mlfw import Estimate, FitContext, LoadContext, Splits, UserError
from mlfw.cache import Cache
from mlfw.components.trainer import untold
from mlfw_lightning import LightningTrainer
from mlfw_lightning.costs.duration import seconds_of
from mlfw_lightning.networks.mlp import MLP
from mlfw_sklearn.dataset import Bundled, SklearnDataset


@pytest.fixture
def data() -> Splits:
    splits = SklearnDataset(name=Bundled("digits")).load(LoadContext())
    return splits.replace(key="digits")


@pytest.fixture(autouse=True)
def forgotten_peak() -> None:
    """Forget how much memory the tests before took, which an estimate would count."""
    Path("/proc/self/clear_refs").write_text("5")


def context(folder: Path, **options: Any) -> FitContext:
    return FitContext(
        trainer=LightningTrainer(accelerator="cpu", **options),
        seed=0,
        folder=folder,
        report=untold,
        cache=Cache(folder / "cache", 10**9),
    )


def estimated(data: Splits, given: FitContext, **options: Any) -> Estimate:
    estimate = MLP(**options).estimate(data, given)
    assert estimate is not None
    return estimate


@pytest.mark.slow
def test_a_training_takes_about_as_long_as_was_expected(tmp_path: Path, data: Splits) -> None:
    given = context(tmp_path, epochs=15, patience=None)
    estimate = estimated(data, given)

    start = time.perf_counter()
    MLP().fit(data, given)
    took = time.perf_counter() - start

    assert estimate.epochs == 15
    assert not estimate.at_most
    assert took / 5 < estimate.seconds < took * 5


def test_an_estimate_costs_little_and_leaves_everything_as_it_was(
    tmp_path: Path, data: Splits
) -> None:
    given = context(tmp_path)
    estimated(data, given)  # prepares the rows, and loads what is needed
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    start = time.process_time()
    estimate = estimated(data, given)

    assert time.process_time() - start < 2
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert before == after
    assert estimate.at_most
    assert "timed step" in estimate.basis


def test_a_wider_network_takes_longer_and_more_memory(tmp_path: Path, data: Splits) -> None:
    given = context(tmp_path)
    narrow = estimated(data, given, width=8, depth=1, batch_size=256)
    wide = estimated(data, given, width=3000, depth=3, batch_size=256)

    assert wide.seconds > 3 * narrow.seconds
    weights = 4 * (3000 * 3000 * 2 + 64 * 3000)
    assert narrow.memory is not None
    assert wide.memory is not None
    assert wide.memory - narrow.memory > 4 * weights


def test_max_time_bounds_the_estimate(tmp_path: Path, data: Splits) -> None:
    given = context(tmp_path, epochs=1_000_000, patience=None, max_time="10m")
    estimate = estimated(data, given)

    assert (estimate.seconds, estimate.at_most) == (600, True)


@pytest.mark.parametrize("precision", ["bf16-mixed", "64-true"])
def test_other_precisions_are_timed_as_they_are(
    precision: str, tmp_path: Path, data: Splits
) -> None:
    assert estimated(data, context(tmp_path, precision=precision)).seconds > 0


def test_several_processes_share_the_steps_and_each_holds_the_rows(
    tmp_path: Path, data: Splits
) -> None:
    one = estimated(data, context(tmp_path), batch_size=512, width=512)
    two = estimated(data, context(tmp_path, devices=2), batch_size=512, width=512)

    assert two.device == "2 x cpu"
    assert one.memory is not None
    assert two.memory is not None
    assert two.memory > 1.5 * one.memory


def test_without_a_place_to_keep_prepared_rows_nothing_is_estimated(
    tmp_path: Path, data: Splits
) -> None:
    assert MLP().estimate(data.replace(key=""), context(tmp_path)) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1.5h", 5400), ("1m 5s", 65)],
)
def test_spans_of_time_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text, "trainer.max_time") == seconds


@pytest.mark.parametrize("text", ["", "90", "ten", "-5m", "0s", "5m1h", "1e3s", "3w"])
def test_what_is_no_span_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match=r"trainer.max_time: expected .* found '.*'") as error:
        LightningTrainer(max_time=text).check()
    assert "trainer.max_time=1h30m" in error.value.remedy
