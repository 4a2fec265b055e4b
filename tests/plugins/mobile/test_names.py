"""Names and texts from data are valid identifiers and literals of Kotlin and Swift."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from mlfw_mobile.names import (
    KEYWORDS,
    comment,
    identifiers,
    kotlin_text,
    module_name,
    package_name,
    swift_text,
)

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(ANY | st.sampled_from(KEYWORDS.split()), unique=True, max_size=12))
@example(["class", "Class", "CLASS!", "class_2", "", "1st", "été", "日本", "a b", "a-b", "aB"])
def test_identifiers_are_valid_and_different(names: list[str]) -> None:
    made = identifiers(names, "column")

    assert len(made) == len(names)
    assert len({each.lower() for each in made}) == len(names)
    for each in made:
        assert re.fullmatch(r"[a-z][A-Za-z0-9_]*", each)
        assert each.lower() not in KEYWORDS.split()


def test_identifiers_tell_what_they_stand_for() -> None:
    names = [
        "Culmen Length (mm)",
        "Größe",
        "class",
        "2nd",
        "日本",
        "culmen length mm",
        "component1",
    ]

    assert identifiers(names, "column") == [
        "culmenLengthMm", "groE", "classValue",
        "column2nd", "column", "culmenLengthMm_2", "component1Value",
    ]  # fmt: skip


@given(ANY)
@example("2024-run \N{PILE OF POO}")
@example("in")
def test_packages_and_modules_are_valid(name: str) -> None:
    assert re.fullmatch(r"app\.mlfw\.model_[a-z0-9_]+", package_name(name))
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*Model", module_name(name))


def read_literal(literal: str, unicode: str) -> str:
    """Return what a literal stands for; fail where it would end or compute something."""
    inner = literal[1:-1]
    assert literal[0] == literal[-1] == '"'
    plain = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}
    made, place = "", 0
    while place < len(inner):
        if inner[place] != "\\":
            assert inner[place] not in '"\n\r'
            assert inner[place] != "$" or "{" in unicode
            made += inner[place]
            place += 1
            continue
        found = re.compile(unicode).match(inner, place)
        if found:
            made += chr(int(found[1], 16))
            place = found.end()
        else:
            made += plain[inner[place + 1]]
            place += 2
    return made


@given(ANY)
@example('$x ${1} \\(x) " \\ \n \r \t \0 \u2028 \u202e \N{PILE OF POO}')
def test_literals_stand_for_the_text(text: str) -> None:
    assert read_literal(kotlin_text(text), r"\\u([0-9a-f]{4})") == text
    assert read_literal(swift_text(text), r"\\u\{([0-9a-f]+)\}") == text


@given(ANY)
@example("a\nb */ \r c \u2028 d")
def test_comments_stay_on_their_line(text: str) -> None:
    assert len(comment(text).splitlines()) <= 1
