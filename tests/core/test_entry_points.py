"""Entry points are found as `importlib.metadata` finds them."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from mlfw.plugins.distribution import entry_points_of


def install(site: Path, folder: str, name: str, points: str) -> None:
    info = site / f"{folder}.dist-info"
    info.mkdir(parents=True)
    if name:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    if points:
        (info / "entry_points.txt").write_text(points)


def described(points: list[EntryPoint]) -> list[tuple[str, str, str]]:
    return sorted((each.name, each.value, str(each.dist and each.dist.version)) for each in points)


@pytest.mark.parametrize("group", ["mlfw", "console_scripts", "there.is.none"])
def test_what_is_installed_is_found(group: str) -> None:
    assert described(entry_points_of(group)) == described([*entry_points(group=group)])


def test_the_first_distribution_of_a_name_on_the_path_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    install(first, "Some_Thing-2", "Some.Thing", "")
    install(second, "some_thing-1", "some-thing", "[mlfw]\nold = some_thing\n")
    install(first, "other-2", "other", "[console_scripts]\nx = y:z\n[mlfw]\nnew = other.two\n")
    install(second, "other-1", "other", "[mlfw]\nold = other.one\n")
    install(second, "strange-1", "named_otherwise", "[mlfw]\nodd = strange\n")
    monkeypatch.setattr(sys, "path", [str(first), str(second)])

    found = [(each.name, each.value) for each in entry_points_of("mlfw")]

    assert sorted(found) == [("new", "other.two"), ("odd", "strange")]
