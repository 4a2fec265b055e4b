"""The grid covers the product of all values exactly once."""

from __future__ import annotations

import itertools
from enum import Enum
from typing import Any

import pytest

import mlfw
from mlfw_optuna.grid import Grid


class Kernel(Enum):
    rbf = "rbf"
    poly = "poly"


SPACE = {
    "C": mlfw.Interval(0.01, 100.0, log=True),
    "depth": mlfw.Interval(1, 5, integer=True),
    "kernel": mlfw.Choices((Kernel.rbf, Kernel.poly)),
}


def walk(tuner: Grid, space: mlfw.Space, seed: int = 0) -> list[dict[str, Any]]:
    search = tuner.search(space, seed, maximize=True)
    points: list[dict[str, Any]] = []
    while (params := search.ask(len(points))) is not None:
        search.tell(len(points), params, 0.0)
        points.append(params)
    assert search.total == len(points)
    return points


def test_every_combination_is_tried_exactly_once() -> None:
    points = [tuple(point.values()) for point in walk(Grid(points=3), SPACE)]
    product = itertools.product([0.01, 1.0, 100.0], [1, 3, 5], Kernel)
    assert len(points) == len(set(points)) == 18
    assert set(points) == set(product)


def test_ends_of_intervals_are_tried_and_whole_numbers_stay_whole() -> None:
    points = walk(Grid(points=4), SPACE)
    assert {point["C"] for point in points} >= {0.01, 100.0}
    depths = [point["depth"] for point in points]
    assert {1, 5} <= set(depths)
    assert all(type(depth) is int for depth in depths)


def test_choices_may_be_of_any_type_and_repeats_count_once() -> None:
    values = ([64], [64, 64], None, True, 1, 1.0, "x", "x", [64])
    points = walk(Grid(), {"layers": mlfw.Choices(values)})
    found = sorted(repr(point["layers"]) for point in points)
    assert found == sorted(["[64]", "[64, 64]", "None", "True", "1", "1.0", "'x'"])


def test_the_order_follows_from_the_seed() -> None:
    assert walk(Grid(), SPACE, seed=1) == walk(Grid(), SPACE, seed=1)
    assert walk(Grid(), SPACE, seed=1) != walk(Grid(), SPACE, seed=2)


def test_trials_cut_the_walk_short() -> None:
    assert walk(Grid(trials=4), SPACE) == walk(Grid(), SPACE)[:4]
    assert len(walk(Grid(trials=1000), SPACE)) == 18


def test_a_walk_that_was_killed_goes_on_where_it_stopped() -> None:
    whole = walk(Grid(), SPACE)
    search = Grid().search(SPACE, 0, maximize=True)
    assert search.ask(7) == whole[7]
    assert search.ask(17) == whole[17]
    assert search.ask(18) is None


def test_a_grid_that_is_too_large_is_refused_with_its_size() -> None:
    space = {name: mlfw.Interval(0.0, 1.0) for name in "abcdef"}
    with pytest.raises(mlfw.UserError) as refusal:
        Grid(points=10).search(space, 0, maximize=True)
    assert "1,000,000 points" in refusal.value.problem
    assert "10,000" in refusal.value.problem
    assert "tuner.points" in refusal.value.remedy
    assert len(walk(Grid(points=2, most=64), space)) == 64
