"""Finding out how the characters of a text file are encoded."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from mlfw import UserError
from mlfw.remote import AnyFile
from mlfw_tabular.text_file import pieces

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What tables come in; among all encodings there are, a few short words fit too many.
USUAL = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932",
    "euc_jp", "gb18030", "big5", "cp949", "koi8_r", "mac_roman", "cp437", "cp850",
]  # fmt: skip
ENOUGH, MOST = 1 << 16, 1 << 20
FEWEST = 8


def find_encoding(start: bytes) -> str:
    """Return how a text is encoded, judged by its first bytes.

    A byte order mark decides; without one, bytes of zero at every other place mean UTF-16; then
    what is UTF-8 is; all else is what charset-normalizer thinks likeliest, or cp1252 where fewer
    than 8 bytes are to be judged by.
    """
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    return _utf16(start) or _by_lines(_other_lines([start[: _whole(start)]]))


def _whole(start: bytes) -> int:
    """Return where the last whole line ends, so that no character is cut in two."""
    return start.rfind(b"\n") + 1 or len(start)


def _utf16(start: bytes) -> str:
    even, odd = start[0:4096:2], start[1:4096:2]
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > 0.4 * len(zeros) > 0 and others.count(0) < 0.05 * len(others):
            return encoding
    return ""


def later_encoding(path: AnyFile) -> str:
    """Return how a file is encoded whose beginning is ASCII, judged by all its other lines."""
    return _by_lines(_other_lines(pieces(path)))


def encoding_to_the_end(path: AnyFile, found: str) -> str:
    """Return how a whole file is encoded whose beginning may be in the encoding found, UTF-8."""
    if codecs.lookup(found).name != "utf-8":
        return found
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for part in pieces(path):
            if not part.isascii() or decoder.getstate()[0]:
                decoder.decode(part)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return later_encoding(path)
    return found


def _other_lines(parts: Iterable[bytes]) -> bytes:
    """Return the lines that are not ASCII, up to a size that is enough to judge."""
    found: list[bytes] = []
    size = 0
    for part in parts:
        for line in () if part.isascii() else part.splitlines():
            if not line.isascii():
                found.append(line)
                size += len(line)
            if size > ENOUGH:
                return b"\n".join(found)[:MOST]
    return b"\n".join(found)[:MOST]


def _by_lines(lines: bytes) -> str:
    text = lines.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(character > "\x7f" for character in text) - broken
    # One broken character in a file that is UTF-8 otherwise makes it a damaged file, and no
    # other encoding.
    return "utf-8" if whole >= broken else _likeliest(lines)


def _likeliest(lines: bytes) -> str:
    from charset_normalizer import from_bytes

    if sum(byte > 0x7F for byte in lines) < FEWEST and _is(lines, "cp1252"):
        return "cp1252"
    matches = from_bytes(lines, cp_isolation=USUAL)
    best = matches.best()
    if best is None:
        return "latin-1"
    usual = next((match for match in matches if match.encoding == "cp1252"), best)
    alike = (usual.chaos, -usual.coherence) <= (best.chaos, -best.coherence)
    return str((usual if alike else best).encoding)


def _is(lines: bytes, encoding: str) -> bool:
    try:
        lines.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def check_encoding(path: AnyFile, encoding: str, start: bytes) -> None:
    """Check an encoding that the user has set against a file's first bytes.

    Raises:
        UserError: It cannot be that one.
    """
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    if wide and b"\0" not in start:
        raise UserError(
            f"{path}: dataset.encoding={encoding}: the file is not in it.",
            "Leave dataset.encoding out, so that it is found out.",
        )
