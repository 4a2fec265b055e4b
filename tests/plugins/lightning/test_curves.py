"""What statistics tell of a curve in spite of its noise."""

from __future__ import annotations

import numpy as np
import pytest

from mlfw_lightning.curves.curve import (
    Curve,
    Trend,
    is_falling,
    is_steady,
    noise,
    smoothed,
    window_of,
)


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.2])
def test_the_noise_is_measured_whatever_the_slope(slope: float) -> None:
    draw = np.random.default_rng(1)
    values = slope * np.arange(400) + 0.05 * draw.normal(size=400)

    assert noise(values) == pytest.approx(0.05, rel=0.15)


def test_a_trend_is_not_moved_by_an_outlier() -> None:
    values = 1 - 0.01 * np.arange(12)
    values[7] = 40.0

    assert Trend.of(values).slope == pytest.approx(-0.01, rel=0.2)


def test_a_single_low_value_is_smoothed_away() -> None:
    assert smoothed([3.0, 2.0, 0.1, 2.0, 3.0]).min() == 2.0


def test_noise_alone_rarely_counts_as_falling() -> None:
    draw = np.random.default_rng(2)

    wrong = sum(is_falling(1 + 0.05 * draw.normal(size=20), 5e-3) for _ in range(400))

    assert wrong < 0.06 * 400


def test_a_slow_fall_shows_in_a_long_window_through_noise_ten_times_its_step() -> None:
    draw = np.random.default_rng(3)
    falling = [
        is_falling(1 - 0.002 * np.arange(30) + 0.02 * draw.normal(size=30), 5e-3)
        for _ in range(100)
    ]

    assert sum(falling) > 80


def test_a_fall_that_has_come_to_its_end_no_longer_counts() -> None:
    values = np.concatenate([np.linspace(1, 0.5, 12), np.full(10, 0.5)])

    assert Trend.of(values).chance < 0.02
    assert not is_falling(values, 5e-3)


def test_steady_is_what_does_not_slow_down() -> None:
    time = np.arange(20)

    assert is_steady(1 - 0.01 * time)
    assert not is_steady(np.exp(-time / 3))
    assert not is_steady(1 + 0.01 * time)


def test_windows_grow_with_the_training_within_bounds() -> None:
    assert [window_of(n) for n in (3, 8, 15, 40, 200)] == [3, 8, 8, 20, 30]


def test_a_sudden_drop_of_the_learning_rate_begins_a_new_part() -> None:
    dropped = Curve((1.0,) * 6, learning_rates=(0.1, 0.1, 0.1, 0.02, 0.02, 0.019))
    cosine = Curve((1.0,) * 3, learning_rates=(0.1, 0.08, 0.06))

    assert (dropped.since_drop(), cosine.since_drop()) == (3, 3)
    assert Curve((1.0,) * 2, learning_rates=(0.01, 0.02)).warms_up()
