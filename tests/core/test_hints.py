"""Hints can be typed as they are printed, and printed text cannot command a terminal."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from mlfw import hints
from mlfw.components import KINDS
from mlfw.config.document import Document
from mlfw.config.keys import Choices
from mlfw.config.merge import values_of
from mlfw.config.overrides import parse_overrides
from mlfw.plugins import load_plugins

SELECTED = {"dataset": "csv", "tuner": "grid", "model": "mlp"}
# Bytes that are no UTF-8 come from the names of files as surrogates.
TEXT = st.text(
    st.one_of(
        st.sampled_from(list("ab.=[]{}()'\"\\$%,:;~!#&| \t\n\r\x1b\x9b\u202eä日-01")),
        st.characters(exclude_characters="\x00", exclude_categories=["Cs"]),
        st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    ),
    max_size=12,
)
NAMES = TEXT | st.sampled_from(["~x", "-x", "true", "null", "1e3", "a.b.c", "${a}", "\\${a}", ""])
LONE = st.one_of(NAMES, st.integers(-(10**9), 10**9), st.booleans())
VALUES = st.recursive(
    LONE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def choices() -> Choices:
    registry = load_plugins().registry
    chosen = {kind: {name: registry.get(kind, name).component} for kind, name in SELECTED.items()}
    return Choices(SELECTED, {kind: chosen.get(kind, {}) for kind in KINDS})


def typed(words: Sequence[str]) -> list[str]:
    """Return what a shell hands to a command in place of some words."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {' '.join(words)}"], capture_output=True, check=True
    )
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


def read(word: str, choices: Choices) -> Any:
    """Return what an override says, as the configuration resolves it."""
    values = values_of(Document(), parse_overrides([word]), choices)
    return OmegaConf.to_container(OmegaConf.create(values), resolve=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, LONE.map(str)), min_size=1, max_size=8))
def test_a_name_and_a_text_are_read_back_from_what_a_shell_makes_of_a_hint(
    choices: Choices, pairs: list[tuple[str, str]]
) -> None:
    printed = [hints.override("dataset.columns", text, name=name) for name, text in pairs]

    words = typed(printed)

    assert len(words) == len(pairs)
    assert [read(word, choices) for word in words] == [
        {"dataset": {"columns": {name: text}}} for name, text in pairs
    ]


@settings(max_examples=60, deadline=None)
@given(NAMES, VALUES)
def test_a_value_of_any_form_is_read_back_from_what_a_shell_makes_of_a_hint(
    choices: Choices, name: str, value: object
) -> None:
    (nested,) = typed([hints.override("dataset.prepare", value, name=name)])
    (whole,) = typed([hints.override("tuner.space", {name: value})])

    assert read(nested, choices) == {"dataset": {"prepare": {name: value}}}
    assert read(whole, choices) == {"tuner": {"space": {name: value}}}


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6))
def test_a_command_keeps_its_words_and_its_hints(words: list[str]) -> None:
    hint = hints.override("dataset.drop", words)

    printed = hints.command("run", *words, hint)

    assert printed == hints.printable(printed)
    assert not {"\n", "\t"} & set(printed)
    assert typed([printed])[1:] == ["run", *words, *typed([hint])]


def test_a_hint_is_one_line_without_terminal_escapes() -> None:
    hint = hints.override("dataset.columns", "text", name="a\n\x1b[31mred\u202e")

    assert hint == hints.printable(hint)
    assert "\n" not in hint


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (hints.override("dataset.columns", "category", name="age"), "dataset.columns.age=category"),
        (hints.override("dataset.drop", ["a", "b"]), "'dataset.drop=[a,b]'"),
        (hints.override("model.C", 0.5), "model.C=0.5"),
        (hints.override("dataset.skip", None), "dataset.skip=null"),
        (
            hints.override("dataset.columns", "category", name="Date.Seen"),
            "'dataset.columns.\"Date.Seen\"=category'",
        ),
        (hints.override("dataset.target", "NO"), "'dataset.target=\"NO\"'"),
    ],
)
def test_hints_have_no_more_quotes_than_are_needed(hint: str, shown: str) -> None:
    assert hint == shown


@pytest.mark.parametrize(
    "hostile",
    ['a";touch x;"', "a b", "$(touch x)", "-r x.txt", "a`b`", "git+https://x", "a\nb", ""],
)
def test_what_is_no_requirement_is_never_to_be_installed(hostile: str) -> None:
    assert hints.install(hostile) == ""
    assert hints.install("mlfw[wandb]", hostile, "a.b>=1,<2") == (
        'pip install "mlfw[wandb]" "a.b>=1,<2"'
    )


def test_a_path_that_begins_with_a_dash_is_no_option() -> None:
    assert hints.command("predict", "latest", Path("-o.csv")).endswith("predict latest ./-o.csv")


def test_the_program_is_named_by_its_path_where_a_shell_would_not_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "my env/bin/mlfw"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])

    monkeypatch.setenv("PATH", str(script.parent))
    assert hints.program() == "mlfw"
    monkeypatch.setenv("PATH", os.defpath)
    assert shutil.which("mlfw") is None
    assert shlex.split(hints.program()) == [str(script)]
    monkeypatch.chdir(tmp_path)
    assert shlex.split(hints.command("runs"))[0] == "my env/bin/mlfw"


def test_another_program_beside_python_is_named_by_its_path_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bentoml").write_text("#!/bin/sh\n")
    (tmp_path / "bentoml").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    monkeypatch.setenv("PATH", str(tmp_path))
    assert hints.program("bentoml") == "bentoml"
    monkeypatch.setenv("PATH", os.defpath)
    assert hints.program("bentoml") == str(tmp_path / "bentoml")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb", "a\\rb"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("a\udcffb", "a\\udcffb"),
        ("line\n\ttab", "line\n\ttab"),
        ("Größe 日本 👩\u200d🔬 \xa0", "Größe 日本 👩\u200d🔬 \xa0"),
    ],
)
def test_printable_text_shows_what_would_command_a_terminal(raw: str, shown: str) -> None:
    assert hints.printable(raw) == shown
