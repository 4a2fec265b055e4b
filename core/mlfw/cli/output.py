"""Where the commands write: standard error for what is said, by the width of the terminal."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from mlfw.cli.streams import raw
from mlfw.cli.wrapping import wrapped
from mlfw.errors import UserError
from mlfw.hints import printable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

USUAL = 80


def say(text: str) -> None:
    """Write text to standard error, wrapped where that is a terminal; see `write`."""
    width = terminal_width(sys.stderr)
    plain = printable(text)
    write(("\n".join(wrapped(plain, width)) if width else plain) + "\n")


def print_sentence(text: str) -> None:
    """Print text on standard output, wrapped where that is a terminal; what goes on is indented."""
    width = terminal_width(sys.stdout)
    plain = printable(text)
    print("\n".join(wrapped(plain, width)) if width else plain)


def write(text: str) -> None:
    """Write to standard error; to nobody where it is closed, as of a terminal that has gone.

    Nothing that is said is worth ending a run for.
    """
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            raw(sys.stderr).write(text)
            sys.stderr.flush()


def terminal_width(stream: TextIO | None) -> int | None:
    """Return how many columns a stream has; None where it is no terminal."""
    try:
        if stream is None or not stream.isatty():
            return None
        there = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        there = 0
    return there or shutil.get_terminal_size((USUAL, 24)).columns


@contextmanager
def standard_output() -> Iterator[None]:
    """Let standard output that cannot be written, as on a full disk, be a `UserError`.

    What is written after that, or after its reader has gone, is lost without a further error.
    """
    before = sys.stdout
    if not isinstance(before, io.TextIOWrapper):
        yield
        return
    before.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_StandardOutput(before.fileno(), "wb", closefd=False)),
        encoding=before.encoding,
        errors=before.errors,
        line_buffering=before.line_buffering,
        write_through=before.write_through,
    )
    try:
        yield
    finally:
        with suppress(UserError, BrokenPipeError):
            sys.stdout.flush()
        sys.stdout = before


class _StandardOutput(io.FileIO):
    """Standard output, which names itself when it cannot be written."""

    lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write what can be written at once."""
        if self.lost:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            self.lost = True
            if isinstance(error, BrokenPipeError):
                raise
            raise UserError(
                f"standard output: cannot be written: {error.strerror}.",
                "Send it to a place that has room for it.",
            ) from error
