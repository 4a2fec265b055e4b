"""No name from data, files or plugins commands the terminal that it is printed on."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from conftest import Mlfw
from mlfw.cli.output import say, write
from mlfw.cli.streams import raw, safe_streams

EVIL = "\x1b[31mred\x1b[0m\x1b]0;owned\x07\x9b2J\u202e"


class Terminal(io.TextIOWrapper):
    """A terminal's stream that keeps what is written."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        content = self.buffer.getvalue()  # type: ignore[attr-defined]
        return str(content.decode())


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_what_is_printed_warned_and_said_cannot_command_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch)
    with safe_streams():
        print(EVIL)
        sys.stderr.writelines([EVIL, "\n"])
        say(EVIL)
        sys.stdout.buffer.write(f"a,{EVIL}\n".encode())
        sys.stdout.buffer.flush()

    shown = terminal.shown()
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
    assert shown.count("\\x1b[31mred") == 4


def test_progress_may_move_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch)
    with safe_streams():
        write("\rtrain 50 %")
        assert raw(sys.stdout) is terminal

    assert terminal.shown() == "\rtrain 50 %"
    assert sys.stdout is terminal


def test_bytes_in_a_pipe_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(behind, encoding="utf-8"))

    with safe_streams():
        sys.stdout.buffer.write(EVIL.encode())
        sys.stdout.buffer.flush()

    assert behind.getvalue() == EVIL.encode()


def test_arguments_and_values_are_shown_without_their_escapes(
    mlfw_here: Mlfw, tmp_path: Path
) -> None:
    evil = EVIL.replace("\x9b", "")
    results = [
        mlfw_here("runs", f"--{evil}"),
        mlfw_here("config", "dataset=csv", f"dataset.target={evil}"),
        mlfw_here("run", f"{evil}=1"),
        mlfw_here("predict", evil, "x.csv"),
    ]

    for result in results:
        assert "\x1b" not in result.stdout + result.stderr
