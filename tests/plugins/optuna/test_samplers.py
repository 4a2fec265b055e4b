"""Random and TPE searches: reproducible, resumable, within the space, and of some use."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

import mlfw
from mlfw_optuna import SamplerTuner
from mlfw_optuna.samplers import TPE, Random

SPACE = {
    "C": mlfw.Interval(1e-3, 1e3, log=True),
    "depth": mlfw.Interval(1, 30, integer=True),
    "width": mlfw.Interval(8, 4096, log=True, integer=True),
    "share": mlfw.Interval(0.25, 0.75),
    "kernel": mlfw.Choices(("rbf", "poly", [1, 2], None)),
}
TUNERS: list[Callable[..., SamplerTuner]] = [Random, TPE]
Trials = list[tuple[dict[str, Any], float | None]]


def worth(params: dict[str, Any]) -> float | None:
    """A value for every trial, with failures and an infinity in between."""
    if params["depth"] % 7 == 0:
        return None
    if params["depth"] % 11 == 0:
        return math.inf
    return -(math.log10(params["C"]) ** 2) - abs(params["share"] - 0.5)


def go_on(search: mlfw.Search, finished: Trials, until: int) -> Trials:
    """Do as the pipeline does: ask and tell again what is finished, then go on."""
    trials: Trials = []
    while len(trials) < until and (params := search.ask(len(trials))) is not None:
        if len(trials) < len(finished):
            kept, value = json.loads(json.dumps(finished[len(trials)]))
            assert kept == params
        else:
            value = worth(params)
        search.tell(len(trials), params, value)
        trials.append((params, value))
    return trials


@pytest.mark.parametrize("tuner", TUNERS)
def test_the_same_seed_gives_the_same_search(tuner: Callable[..., SamplerTuner]) -> None:
    runs = [
        go_on(tuner(trials=25).search(SPACE, seed, maximize=True), [], 99) for seed in (5, 5, 6)
    ]
    assert len(runs[0]) == 25
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("tuner", TUNERS)
@pytest.mark.parametrize("killed_after", [0, 1, 12, 24])
def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(
    tuner: Callable[..., SamplerTuner], killed_after: int
) -> None:
    whole = go_on(tuner(trials=25).search(SPACE, 3, maximize=True), [], 99)
    again = tuner(trials=25).search(SPACE, 3, maximize=True)
    assert go_on(again, whole[:killed_after], 99) == whole


@pytest.mark.parametrize("tuner", TUNERS)
def test_an_answer_follows_from_what_was_told_and_not_from_what_was_asked(
    tuner: Callable[..., SamplerTuner],
) -> None:
    whole = go_on(tuner(trials=20).search(SPACE, 3, maximize=True), [], 99)
    search = tuner(trials=20).search(SPACE, 3, maximize=True)
    for number, (params, value) in enumerate(whole[:15]):
        search.tell(number, params, value)
    assert search.ask(15) == search.ask(15) == whole[15][0]


@pytest.mark.parametrize("tuner", TUNERS)
def test_every_trial_lies_within_the_space_and_has_its_types(
    tuner: Callable[..., SamplerTuner],
) -> None:
    trials = go_on(tuner(trials=40).search(SPACE, 0, maximize=True), [], 99)
    for params, _ in trials:
        assert list(params) == list(SPACE)
        assert type(params["C"]) is type(params["share"]) is float
        assert type(params["depth"]) is type(params["width"]) is int
        assert 1e-3 <= params["C"] <= 1e3
        assert 1 <= params["depth"] <= 30
        assert 8 <= params["width"] <= 4096
        assert 0.25 <= params["share"] <= 0.75
        assert params["kernel"] in ("rbf", "poly", [1, 2], None)


def test_a_log_interval_is_drawn_evenly_over_its_orders_of_magnitude() -> None:
    space = {"C": mlfw.Interval(1e-3, 1e3, log=True), "even": mlfw.Interval(1e-3, 1e3)}
    search = Random(trials=400).search(space, 0, maximize=True)
    drawn = [search.ask(number) or {} for number in range(400)]
    assert 0.4 < sum(params["C"] < 1 for params in drawn) / 400 < 0.6
    assert sum(params["even"] < 1 for params in drawn) / 400 < 0.02


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_space_with_fewer_points_than_trials_is_walked_whole_and_once(
    tuner: Callable[..., SamplerTuner],
) -> None:
    space = {"a": mlfw.Choices((1, 2, 3)), "b": mlfw.Interval(1, 4, log=True, integer=True)}
    search = tuner(trials=99).search(space, 0, maximize=True)
    assert search.total == 12
    points = [search.ask(number) or {} for number in range(12)]
    assert {(point["a"], point["b"]) for point in points} == {
        (a, b) for a in (1, 2, 3) for b in (1, 2, 3, 4)
    }
    assert search.ask(12) is None


@pytest.mark.parametrize("tuner", TUNERS)
def test_what_was_tried_is_hardly_ever_tried_again(tuner: Callable[..., SamplerTuner]) -> None:
    space = {"n": mlfw.Interval(1, 40, integer=True)}
    search = tuner(trials=30).search(space, 0, maximize=True)
    tried = []
    for number in range(30):
        params = search.ask(number) or {}
        search.tell(number, params, float(params["n"]))
        tried.append(params["n"])
    assert len(set(tried)) >= 29


def test_the_direction_is_heeded() -> None:
    last = {}
    for maximize in (True, False):
        search = TPE(trials=40).search({"x": mlfw.Interval(0.0, 1.0)}, 1, maximize=maximize)
        drawn = []
        for number in range(40):
            params = search.ask(number) or {}
            search.tell(number, params, params["x"])
            drawn.append(params["x"])
        last[maximize] = sum(drawn[-10:]) / 10
    assert last[True] > 0.8
    assert last[False] < 0.2


def test_tpe_finds_more_than_random_search_on_a_smooth_function() -> None:
    space = {"x": mlfw.Interval(-5.0, 5.0), "y": mlfw.Interval(1e-3, 1e3, log=True)}

    def reached(tuner: SamplerTuner, seed: int) -> float:
        search = tuner.search(space, seed, maximize=False)
        lowest = math.inf
        for number in range(tuner.trials):
            params = search.ask(number) or {}
            value = (params["x"] - 1) ** 2 + math.log10(params["y"]) ** 2
            search.tell(number, params, value)
            lowest = min(lowest, value)
        return lowest

    seeds = range(4)
    tpe = sum(reached(TPE(trials=50), seed) for seed in seeds)
    random = sum(reached(Random(trials=50), seed) for seed in seeds)
    assert tpe < random / 2


def test_another_sampler_of_optuna_can_be_brought() -> None:
    from dataclasses import dataclass

    from optuna.samplers import BaseSampler, QMCSampler

    @dataclass(kw_only=True)
    class QuasiRandom(SamplerTuner):
        def sampler(self, seed: int) -> BaseSampler:
            return QMCSampler(seed=seed)

    trials = go_on(QuasiRandom(trials=5).search(SPACE, 0, maximize=True), [], 99)
    assert len(trials) == 5
