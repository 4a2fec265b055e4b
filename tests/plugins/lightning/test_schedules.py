"""Schedules stay within bounds, are those of PyTorch, and need no memory to continue."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from mlfw_lightning.learning.optimisation import Optimisation, Schedule
from mlfw_lightning.learning.schedules import ONE_CYCLE_START, LearningRate, schedule_factor

TOTALS = st.integers(1, 400)
SHARES = st.one_of(st.none(), st.floats(0, 0.99))
FACTORS = st.floats(0.01, 0.99)
SMOOTH = [Schedule.constant, Schedule.cosine, Schedule.linear, Schedule.one_cycle]


def curve(total: int, schedule: Schedule, **options: Any) -> list[float]:
    chosen = Optimisation(schedule=schedule, **options)
    return [schedule_factor(chosen, step, total) for step in range(total + 1)]


def optimizer(scale: float = 1.0) -> torch.optim.Optimizer:
    weight = torch.nn.Parameter(torch.zeros(1))
    return torch.optim.SGD([{"params": [weight], "scale": scale}], lr=1.0)


def torch_curve(total: int, make: Any) -> list[float]:
    sgd = optimizer()
    scheduler = make(sgd)
    values = []
    for _ in range(total):
        values.append(sgd.param_groups[0]["lr"])
        sgd.step()
        scheduler.step()
    return values


@given(TOTALS, st.sampled_from(Schedule), SHARES, st.integers(1, 5), FACTORS)
def test_a_factor_is_never_below_zero_nor_above_one(
    total: int, schedule: Schedule, warmup: float | None, drops: int, factor: float
) -> None:
    options: dict[str, Any] = {"schedule_drops": drops, "schedule_factor": factor}

    values = curve(total, schedule, warmup=warmup, **options)

    assert all(0 <= value <= 1 for value in values)
    chosen = Optimisation(schedule=schedule, warmup=warmup, **options)
    assert schedule_factor(chosen, total + 50, total) == values[-1]


@given(TOTALS, st.sampled_from([s for s in Schedule if s is not Schedule.one_cycle]), SHARES)
def test_warm_up_rises_at_every_step_and_then_nothing_does(
    total: int, schedule: Schedule, warmup: float | None
) -> None:
    warm = round((warmup or 0) * total)

    values = curve(total, schedule, warmup=warmup)

    rising, rest = values[: warm + 1], values[warm:]
    assert all(a < b for a, b in itertools.pairwise(rising))
    assert all(a >= b for a, b in itertools.pairwise(rest))
    assert values[0] == pytest.approx(1 / (warm + 1))


@given(TOTALS, st.sampled_from([Schedule.cosine, Schedule.linear]), SHARES)
def test_cosine_and_linear_reach_one_and_end_at_zero(
    total: int, schedule: Schedule, warmup: float | None
) -> None:
    warm = round((warmup or 0) * total)

    values = curve(total, schedule, warmup=warmup)

    assert values[-1] == pytest.approx(0, abs=1e-12) or warm == total
    assert values[warm] == 1 or warm == total


@given(st.integers(20, 400), st.sampled_from(SMOOTH), st.floats(0.1, 0.9))
def test_smooth_schedules_change_little_in_a_step(
    total: int, schedule: Schedule, warmup: float
) -> None:
    values = curve(total, schedule, warmup=warmup)
    shortest = min(warmup, 1 - warmup) * total - 2

    steepest = max(abs(a - b) for a, b in itertools.pairwise(values))

    assert steepest <= math.pi / 2 / max(shortest, 1.57)


@given(TOTALS, st.integers(1, 5), FACTORS)
def test_step_lowers_as_often_as_asked(total: int, drops: int, factor: float) -> None:
    values = curve(total, Schedule.step, schedule_drops=drops, schedule_factor=factor)

    levels = {factor**index for index in range(drops + 1)}
    assert values[0] == 1
    assert set(values) <= levels
    assert values[-1] == factor**drops
    if total > drops:
        assert len(set(values[:-1])) == len(levels)


def test_one_cycle_begins_low_and_peaks_where_warm_up_ends() -> None:
    values = curve(101, Schedule.one_cycle, warmup=0.5)

    assert values[0] == pytest.approx(ONE_CYCLE_START)
    assert max(range(101), key=values.__getitem__) in (49, 50)


@pytest.mark.parametrize("warm", [0, 10])
def test_cosine_is_that_of_torch_after_a_warm_up_of_torch(warm: int) -> None:
    def make(sgd: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        cosine = lr_scheduler.CosineAnnealingLR(sgd, T_max=50 - warm)
        if not warm:
            return cosine
        rise = lr_scheduler.LinearLR(sgd, start_factor=1 / (warm + 1), total_iters=warm)
        return lr_scheduler.SequentialLR(sgd, [rise, cosine], milestones=[warm])

    ours = curve(50, Schedule.cosine, warmup=warm / 50)

    assert ours[:50] == pytest.approx(torch_curve(50, make), abs=1e-9)


def test_linear_is_that_of_torch() -> None:
    theirs = torch_curve(50, lambda sgd: lr_scheduler.PolynomialLR(sgd, total_iters=50))

    assert curve(50, Schedule.linear)[:50] == pytest.approx(theirs)


def test_step_is_that_of_torch() -> None:
    theirs = torch_curve(60, lambda sgd: lr_scheduler.StepLR(sgd, step_size=20, gamma=0.1))

    assert curve(60, Schedule.step)[:60] == pytest.approx(theirs)


@pytest.mark.parametrize("total", [10, 57, 200])
def test_one_cycle_is_that_of_torch(total: int) -> None:
    theirs = torch_curve(
        total - 1,
        lambda sgd: lr_scheduler.OneCycleLR(
            sgd, max_lr=1.0, total_steps=total, cycle_momentum=False
        ),
    )

    assert curve(total, Schedule.one_cycle)[: total - 1] == pytest.approx(theirs, abs=1e-9)


@given(st.lists(st.floats(0, 10), max_size=40), st.integers(1, 6))
def test_plateau_is_that_of_torch(losses: list[float], patience: int) -> None:
    sgd = optimizer()
    theirs = lr_scheduler.ReduceLROnPlateau(
        sgd, factor=0.5, patience=patience - 1, threshold=0, eps=0
    )
    options = Optimisation(
        schedule=Schedule.plateau, schedule_patience=patience, schedule_factor=0.5
    )
    ours = LearningRate(options, total=1)

    for loss in losses:
        theirs.step(loss)
        ours.epoch_ended(loss)
        assert ours.factor(0) == pytest.approx(sgd.param_groups[0]["lr"])


def test_only_plateau_lowers_the_rate_by_itself() -> None:
    rate = LearningRate(Optimisation(schedule=Schedule.constant, schedule_patience=1), total=10)

    assert not any(rate.epoch_ended(loss) for loss in (1.0, 2.0, math.nan, 3.0))
    assert rate.lowered == 1


def test_a_loss_that_is_no_number_counts_as_no_better() -> None:
    rate = LearningRate(Optimisation(schedule=Schedule.plateau, schedule_patience=2), total=10)

    assert [rate.epoch_ended(loss) for loss in (math.nan, math.nan)] == [False, True]


def test_rates_are_written_for_each_group_and_only_when_they_change() -> None:
    sgd = optimizer(scale=0.5)
    rate = LearningRate(Optimisation(learning_rate=0.2), total=10)

    rate.set(sgd, 0)
    assert sgd.param_groups[0]["lr"] == 0.1
    sgd.param_groups[0]["lr"] = 7.0
    rate.set(sgd, 1)
    assert sgd.param_groups[0]["lr"] == 7.0
    rate.lower(0.1)
    rate.set(sgd, 2)
    assert sgd.param_groups[0]["lr"] == pytest.approx(0.01)


@given(st.lists(st.floats(0, 10), min_size=2, max_size=20), st.data(), st.sampled_from(Schedule))
def test_a_continued_training_has_the_rates_of_an_unbroken_one(
    losses: list[float], data: st.DataObject, schedule: Schedule
) -> None:
    cut = data.draw(st.integers(0, len(losses)))
    options = Optimisation(schedule=schedule, schedule_patience=2, warmup=0.2)
    unbroken, before = (LearningRate(options, len(losses)) for _ in range(2))
    for loss in losses[:cut]:
        before.epoch_ended(loss)
        before.lower(0.9)
    after = LearningRate(options, len(losses))
    after.load_state_dict(before.state_dict())
    rates = []
    for rate in (unbroken, after):
        sgd = optimizer()
        start = 0 if rate is unbroken else cut
        for step, loss in list(enumerate(losses))[start:]:
            rate.set(sgd, step)
            rates.append((step, sgd.param_groups[0]["lr"]))
            rate.epoch_ended(loss)
            rate.lower(0.9)

    assert rates[cut : len(losses)] == rates[len(losses) :]
