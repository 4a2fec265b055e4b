"""Search ranges: what fields declare, what users write, and the grids they give."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlfw
from mlfw.components.describe import describe_fields
from mlfw.components.limits import violations
from mlfw.components.search import Choices, Interval, default_space, parse_space, plain


class Kernel(Enum):
    rbf = "rbf"
    poly = "poly"


@dataclass
class Machine:
    """A model."""

    C: float = field(default=1.0, metadata=mlfw.search(1e-3, 1e3, log=True))
    depth: int = field(default=3, metadata=mlfw.limits(minimum=1) | mlfw.search(1, 20))
    kernel: Kernel = field(default=Kernel.rbf, metadata=mlfw.search(choices=list(Kernel)))
    name: str = "x"


def test_the_default_space_is_what_the_fields_declare() -> None:
    assert default_space(Machine) == {
        "C": Interval(1e-3, 1e3, log=True),
        "depth": Interval(1, 20, integer=True),
        "kernel": Choices((Kernel.rbf, Kernel.poly)),
    }


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [(1, 1, False), (2, 1, False), (0, 1, True), (-1, 1, True), (None, 1, False)],
)
def test_an_interval_without_any_room_cannot_be_declared(low: Any, high: Any, log: bool) -> None:
    with pytest.raises(ValueError, match="low < high"):
        mlfw.search(low, high, log=log)


def test_a_space_that_a_user_writes_is_understood() -> None:
    given = {
        "C": {"low": 0.1, "high": 10},
        "depth": {"low": 2, "high": 8, "log": True},
        "kernel": ["rbf"],
        "name": ["a", "b"],
    }
    assert parse_space(Machine, given) == {
        "C": Interval(0.1, 10, log=True),
        "depth": Interval(2, 8, log=True, integer=True),
        "kernel": Choices(("rbf",)),
        "name": Choices(("a", "b")),
    }


def test_log_can_be_switched_off_where_the_field_declares_it() -> None:
    space = parse_space(Machine, {"C": {"low": 1.0, "high": 2.0, "log": False}})
    assert space == {"C": Interval(1.0, 2.0)}


@pytest.mark.parametrize(
    "spec",
    [[], 3, "x", {"low": 1}, {"low": 1, "high": 2, "step": 1}, {"low": 2, "high": 1},
     {"low": "a", "high": "b"}, {"low": 0, "high": 1}],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_refused_by_its_key(spec: Any) -> None:
    with pytest.raises(mlfw.UserError) as refusal:
        parse_space(Machine, {"C": spec})
    assert refusal.value.problem.startswith("tuner.space.C: expected")
    assert "tuner.space.C=[1,2,3]" in refusal.value.remedy


def test_an_unknown_field_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(mlfw.UserError, match="Did you mean 'depth'"):
        parse_space(Machine, {"dept": [1]})


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 30))
def test_a_grid_is_sorted_and_keeps_to_the_interval(low: float, width: float, points: int) -> None:
    interval = Interval(low, low + width)
    grid = interval.grid(points)
    assert 1 <= len(grid) <= points
    assert grid == sorted(set(grid))
    assert low <= grid[0] <= grid[-1] <= low + width


def test_a_log_grid_is_even_over_the_orders_of_magnitude() -> None:
    assert Interval(0.001, 1000, log=True).grid(7) == [0.001, 0.01, 0.1, 1, 10, 100, 1000]


@given(st.integers(1, 50), st.integers(1, 1000), st.integers(2, 60), st.booleans())
def test_a_grid_of_whole_numbers_has_both_ends_and_no_repeats(
    low: int, width: int, points: int, log: bool
) -> None:
    grid = Interval(low, low + width, log=log, integer=True).grid(points)
    assert all(type(value) is int for value in grid)
    assert (grid[0], grid[-1]) == (low, low + width)
    assert len(set(grid)) == len(grid) <= points


def test_choices_are_all_tried_however_few_points_are_asked_for() -> None:
    assert Choices(("a", None, [1])).grid(2) == ["a", None, [1]]


def test_ranges_are_shown_to_people() -> None:
    shown = [info.search for info in describe_fields(Machine)]
    assert shown == ["0.001 to 1000 (log)", "1 to 20", "rbf, poly", ""]


def test_plain_takes_an_enum_to_its_value() -> None:
    assert plain(Kernel.rbf) == "rbf"
    assert plain(3) == 3


@dataclass
class Bounded:
    """A component with limits."""

    epochs: int = field(default=1, metadata=mlfw.limits(minimum=1, maximum=10))
    share: float = field(default=0.5, metadata=mlfw.limits(above=0, below=1))
    widths: list[int] = field(default_factory=list, metadata=mlfw.limits(minimum=1))
    patience: int | None = field(default=None, metadata=mlfw.limits(minimum=0))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, []),
        ({"epochs": 10, "share": 0.999, "widths": [1, 2], "patience": 0}, []),
        ({"epochs": 0}, [("epochs", "expected a number at least 1 and at most 10, found 0")]),
        ({"epochs": 11}, [("epochs", "expected a number at least 1 and at most 10, found 11")]),
        ({"share": 0.0}, [("share", "expected a number above 0 and below 1, found 0.0")]),
        ({"share": 1.0}, [("share", "expected a number above 0 and below 1, found 1.0")]),
        ({"widths": [4, 0]}, [("widths", "expected a number at least 1, found 0")]),
        ({"patience": -1}, [("patience", "expected a number at least 0, found -1")]),
    ],
)  # fmt: skip
def test_what_lies_outside_its_limits_is_named(
    values: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert violations(Bounded(**values)) == found


def test_a_number_that_is_none_lies_outside_every_limit() -> None:
    assert violations(Bounded(share=math.nan))


@dataclass
class Wrapper:
    """A model whose options are those of something else."""

    options: dict[str, Any] = field(default_factory=dict)
    depth: int = 3


def test_items_of_a_mapping_are_searched_however_they_are_written() -> None:
    nested = parse_space(Wrapper, {"options": {"lr": [0.1], "width": {"low": 1, "high": 9}}})

    dotted = parse_space(Wrapper, {"options.lr": [0.1], "options.width": {"low": 1, "high": 9}})

    assert nested == dotted
    assert nested == {
        "options.lr": Choices((0.1,)),
        "options.width": Interval(1, 9, integer=True),
    }


@pytest.mark.parametrize("name", ["option.lr", "depth.lr", "lr"])
def test_items_of_what_is_no_mapping_are_refused(name: str) -> None:
    with pytest.raises(mlfw.UserError, match=f"tuner.space.{name}: the model has no such field"):
        parse_space(Wrapper, {name: [1]})
