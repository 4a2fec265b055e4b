"""The boundary to the terminal: no text that is printed can command it."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from mlfw.hints import printable


@contextmanager
def safe_streams() -> Iterator[None]:
    r"""Let standard output and standard error show control characters as `\x1b` in the block.

    Names of columns, classes, files and hosts come from others, and may hold terminal escapes.
    """
    before = sys.stdout, sys.stderr
    # What libraries colour would be shown as escapes too.
    os.environ.setdefault("NO_COLOR", "1")
    sys.stdout, sys.stderr = map(_safe, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _safe(stream: TextIO) -> TextIO:
    """Return a safe stream; a closed one, which is None, stays so."""
    return stream if stream is None else cast("TextIO", SafeStream(stream))


def raw(stream: TextIO) -> TextIO:
    """Return the stream behind a safe one, for what may move the cursor."""
    return stream.stream if isinstance(stream, SafeStream) else stream


class SafeStream:
    """A text stream that shows control characters, and is else the stream behind it.

    Args:
        stream: The stream behind it.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text, with control characters shown."""
        self.stream.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        """The stream's bytes: as they are in files and pipes, shown as text on a terminal."""
        return _SafeBytes(self) if self.stream.isatty() else self.stream.buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _SafeBytes(io.RawIOBase):
    """Bytes of UTF-8 that are written as text."""

    def __init__(self, stream: SafeStream) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        """Tell that bytes can be written."""
        return True

    def write(self, data: Any) -> int:
        """Write bytes."""
        content = bytes(data)
        self._stream.write(self._decoder.decode(content))
        return len(content)

    def flush(self) -> None:
        """Hand on what has been written."""
        if not self.closed:
            self._stream.stream.flush()
