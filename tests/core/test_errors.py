"""A name that is not known brings the one that was meant, or those that there are."""

from __future__ import annotations

import pytest

from mlfw.errors import did_you_mean

COLUMNS = ["Sex", "Island", "Body Mass (g)"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("sex", "Sex"), ("Sxe", "Sex"), ("Iland", "Island"), ("body mass g", "Body Mass (g)")],
)
def test_the_nearest_name_is_proposed(typed: str, meant: str) -> None:
    assert did_you_mean(typed, COLUMNS) == f"Did you mean '{meant}'?"


def test_where_none_is_near_all_are_listed_but_not_twice() -> None:
    assert did_you_mean("weight", COLUMNS) == "Known: Body Mass (g), Island, Sex."
    assert did_you_mean("weight", COLUMNS, listed=True) == "Name one of these."
    assert did_you_mean("weight", []) == ""
