"""Files of text: decompressed, decoded and watched while they are read."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from mlfw import UserError
from mlfw.remote import AnyFile, RemoteFile

Told = Callable[[int], None]
PIECE = 1 << 20
UTF8_NAMES = ("utf-8", "utf-8-sig", "ascii")


def untold(done: int) -> None:
    """Tell nobody how many bytes of a file are read."""


def is_compressed(path: AnyFile) -> bool:
    """Tell whether a file's name says that it is compressed."""
    return path.name.lower().endswith(".gz")


def size_of(path: AnyFile) -> int:
    """Return a file's size in bytes."""
    return path.size if isinstance(path, RemoteFile) else path.stat().st_size


class TextFile(io.RawIOBase):
    """The content of a text file as UTF-8, read in pieces; Arrow reads from it.

    Whatever is wrong with the file is raised from `read`, and kept as `failure`, as Arrow may
    wrap it. `lines` counts the lines read.

    Args:
        path: The file; compressed if its name ends in `.gz`.
        encoding: How its characters are encoded.
        told: Told how many bytes of the file are read.
    """

    def __init__(self, path: AnyFile, encoding: str, told: Told = untold) -> None:
        super().__init__()
        self.failure: UserError | None = None
        self.lines = 0
        self._ended = True
        self._path = path
        self._encoding = encoding
        self._told = told
        self._raw = path.open("rb")
        self._content = _content(path, self._raw)
        as_it_is = codecs.lookup(encoding).name in UTF8_NAMES[:2]
        self._decoder = None if as_it_is else codecs.getincrementaldecoder(encoding)()
        self._begun = False

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._raw.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        """Return the next piece; nothing at the end."""
        try:
            piece = self._piece(size)
        except UserError as error:
            self.failure = error
            raise
        self._told(self._raw.tell())
        if not self._begun:
            piece = piece.removeprefix(codecs.BOM_UTF8)
            self._begun = True
        if b"\0" in piece:
            self.failure = nul_error(self._path, self._encoding)
            raise self.failure
        self.lines += piece.count(b"\n")
        if piece:
            self._ended = piece.endswith(b"\n")
        elif not self._ended:
            self._ended = True
            self.lines += 1
        return piece

    def _piece(self, size: int) -> bytes:
        while True:
            piece = read_piece(self._path, self._content, size)
            if self._decoder is None:
                return piece
            try:
                text = self._decoder.decode(piece, not piece)
            except UnicodeError:
                raise encoding_error(self._path, self._encoding) from None
            if text or not piece:
                return text.encode("utf-8", "surrogatepass")


def _content(path: AnyFile, raw: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if is_compressed(path) else raw


def read_piece(path: AnyFile, content: BinaryIO, size: int) -> bytes:
    """Read from a file that may be compressed.

    Raises:
        UserError: It is cut short, damaged or not compressed at all.
    """
    try:
        return content.read(size)
    except gzip.BadGzipFile as error:
        raise UserError(
            f"{path}: its name ends in .gz, but it is not compressed by gzip: {error}.",
            "Take .gz off its name, or compress it: gzip FILE",
        ) from None
    except (EOFError, zlib.error) as error:
        raise UserError(
            f"{path}: the compressed file is cut short or damaged: {error}.",
            "Copy or download it again; `gzip -t FILE` tells whether it is whole.",
        ) from None


def beginning(path: AnyFile, size: int = PIECE, lines: int = 3, most: int = 64 * PIECE) -> bytes:
    """Return the first bytes of a file, decompressed: more than `size` where lines are longer."""
    with path.open("rb") as raw:
        content = _content(path, raw)
        found = b""
        while True:
            piece = read_piece(path, content, size - len(found))
            found += piece
            if not piece or (len(found) >= size and (found.count(b"\n") >= lines or size >= most)):
                return found
            size = min(size * 8, most) if len(found) >= size else size


def pieces(path: AnyFile) -> Iterator[bytes]:
    """Yield a file's content, decompressed, in pieces."""
    with path.open("rb") as raw:
        content = _content(path, raw)
        while piece := read_piece(path, content, PIECE):
            yield piece


def holds(path: AnyFile, character: str) -> bool:
    """Whether an ASCII character may stand in a file.

    One that is compressed, or remote, is not looked at: that would take as long as reading it.
    """
    if is_compressed(path) or isinstance(path, RemoteFile):
        return True
    byte = character.encode()
    return any(byte in piece for piece in pieces(path))


def text_lines(path: AnyFile, encoding: str) -> Iterator[str]:
    """Yield a file's lines with their ends, whichever these are; what is not text as `\ufffd`."""
    with path.open("rb") as raw:
        yield from io.TextIOWrapper(_content(path, raw), encoding, errors="replace", newline="")


def encoding_error(path: AnyFile, encoding: str) -> UserError:
    """Return an error that names the first line that is not in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    found = ""
    try:
        for piece in pieces(path):
            lines += decoder.decode(piece).count("\n")
        decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        lines += error.object[: error.start].decode(encoding, "replace").count("\n")
        found = f": found the byte {error.object[error.start]:#04x}"
    except UnicodeError as error:
        found = f": {error}"
    return UserError(
        f"{path}: line {lines}: not encoded as {encoding}{found}.",
        "Correct the line, or set dataset.encoding, for example dataset.encoding=latin-1.",
    )


def nul_error(path: AnyFile, encoding: str) -> UserError:
    """Return an error that names the first line with a NUL byte."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    lines = 1
    for piece in pieces(path):
        before, nul, _ = decoder.decode(piece).partition("\0")
        lines += before.count("\n")
        if nul:
            break
    return UserError(
        f"{path}: line {lines}: found a NUL byte, which is no part of text in {encoding}.",
        "Is the file damaged, or no text? Where it is UTF-16, set dataset.encoding=utf-16.",
    )
