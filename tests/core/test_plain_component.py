"""Plain options make the component that OmegaConf makes, or none."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from omegaconf import OmegaConf

from mlfw.config.components import build_component
from mlfw.config.lists import as_lists
from mlfw.config.plain import plain_component
from mlfw.plugins import Entry, load_plugins

ENTRIES = [
    entry for entries in load_plugins().registry.entries.values() for entry in entries.values()
]


def by_omegaconf(entry: Entry, options: dict[str, Any]) -> object:
    merged = OmegaConf.merge(
        OmegaConf.structured(entry.component), as_lists(entry.component, options)
    )
    return OmegaConf.to_object(merged)


def named(value: Any) -> Any:
    """Return plain data with enumerations by their names, as a frozen configuration has them."""
    if isinstance(value, dict):
        return {key: named(item) for key, item in value.items()}
    return value.name if isinstance(value, Enum) else value


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.component.kind}={entry.name}")
def test_the_options_of_every_component_are_plain(entry: Entry) -> None:
    options = named(OmegaConf.to_container(OmegaConf.structured(entry.component)))

    made = plain_component(entry.component, options)

    assert made is None or (made == by_omegaconf(entry, options) and type(made) is entry.component)
    assert made is not None or "???" in options.values() or entry.name in ("lightning", "user")


@pytest.mark.parametrize(
    ("name", "options", "plain"),
    [
        ("csv", {"path": ["a.csv"], "target": ["y"], "header": True, "skip": 3}, True),
        ("csv", {"columns": {"a.b": "category", "c": "number"}, "checks": {"all": "off"}}, True),
        ("csv", {"path": "a.csv"}, False),
        ("csv", {"path": ["${x}"]}, False),
        ("csv", {"header": "true"}, False),
        ("csv", {"target": [3]}, False),
        ("forest", {"trees": 10, "max_depth": 4, "max_features": 0.5}, True),
        ("forest", {"trees": "10"}, False),
        ("forest", {"max_features": 1}, False),
        ("svm", {"kernel": "poly", "gamma": None}, True),
    ],
)
def test_options_are_converted_as_by_omegaconf(
    name: str, options: dict[str, Any], plain: bool
) -> None:
    (entry,) = (each for each in ENTRIES if each.name == name)

    made = plain_component(entry.component, options)

    assert (made is not None) == plain
    if "${x}" not in str(options):
        expected = by_omegaconf(entry, options)
        assert made in (None, expected)
        assert build_component(entry, options, "here") == expected
