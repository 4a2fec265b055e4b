"""What a component says of itself comes from its own class."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import pytest

import mlfw
from mlfw.components.describe import FieldInfo, describe_fields, summary
from mlfw.components.limits import violations
from mlfw.plugins import load_plugins


class Shape(Enum):
    """A shape."""

    round = "round"
    flat = "flat"


@dataclass(kw_only=True)
class Base(mlfw.Component):
    """Base.

    Attributes:
        size: How large,
            in metres.
    """

    size: float = field(default=1.0, metadata=mlfw.limits(above=0) | mlfw.search(0.5, 2.0))


@dataclass(kw_only=True)
class Thing(Base):
    """A thing of
    two lines.

    More words.

    Attributes:
        shape: Its shape.
    """

    shape: Shape = field(default=Shape.flat, metadata=mlfw.search(choices=list(Shape)))
    parts: list[int] | None = None
    tags: dict[str, int] = field(default_factory=dict)


def test_the_first_paragraph_is_the_summary() -> None:
    assert summary(Thing) == "A thing of two lines."


def test_fields_are_explained_by_docstrings_up_the_line() -> None:
    assert describe_fields(Thing) == [
        FieldInfo("size", "float", "1.0", "0.5 to 2", "How large, in metres. (above 0)"),
        FieldInfo("shape", "round|flat", "flat", "round, flat", "Its shape."),
        FieldInfo("parts", "list[int]|null", "null", "", ""),
        FieldInfo("tags", "dict[str, int]", "{}", "", ""),
    ]


def test_limits_count_for_numbers_and_for_each_number_of_a_list() -> None:
    @dataclass(kw_only=True)
    class Layers(mlfw.Component):
        """Layers."""

        widths: list[int] = field(default_factory=lambda: [4], metadata=mlfw.limits(minimum=1))

    assert violations(Thing(size=-1)) == [("size", "expected a number above 0, found -1")]
    assert violations(Layers(widths=[3, 0])) == [
        ("widths", "expected a number at least 1, found 0")
    ]
    assert violations(Thing()) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, named in load_plugins().registry.entries.items() for name in named],
)
def test_every_built_in_explains_itself_and_each_of_its_fields(kind: str, name: str) -> None:
    component = load_plugins(disabled=()).registry.get(kind, name).component

    assert summary(component).endswith(".")
    assert [info.name for info in describe_fields(component) if not info.help] == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, named in load_plugins().registry.entries.items() for name in named],
)
def test_every_built_in_can_be_made_with_nothing_set(kind: str, name: str) -> None:
    component = load_plugins().registry.get(kind, name).component

    assert violations(component()) == []
