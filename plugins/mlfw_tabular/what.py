"""Telling what a file is that is not what its name says."""

from __future__ import annotations

import json
import re

from mlfw import UserError
from mlfw.remote import AnyFile

SIGNS = {
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Type dataset=excel, or save it as CSV."),
    b"\x1f\x8b": ("compressed by gzip", "Add .gz to its name."),
    b"PAR1": ("a Parquet file", "Type dataset=parquet."),
    b"ARROW1": ("an Arrow file", "Convert it to Parquet, and type dataset=parquet."),
    b"SQLite format 3\0": (
        "an SQLite database",
        "Type dataset=sql dataset.url=sqlite:///FILE dataset.from_table=TABLE",
    ),
    b"%PDF": ("a PDF document", "Export the table as CSV."),
    b"BZh": ("compressed by bzip2", "Unpack it: bunzip2 FILE"),
    b"\xfd7zXZ": ("compressed by xz", "Unpack it: unxz FILE"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "Unpack it: unzstd FILE"),
    b"\x89PNG": ("a PNG image", ""),
    b"\xff\xd8\xff": ("a JPEG image", ""),
    b"\x89HDF": ("an HDF5 file", "Convert it to Parquet, and type dataset=parquet."),
    b"\x93NUMPY": ("a NumPy array", "Convert it to Parquet, and type dataset=parquet."),
    b"\x80\x04\x95": ("a Python pickle, which is never read", "Convert it to Parquet."),
}
HTML = re.compile(rb"\s*(<!doctype html|<html|<head|<body|<!--)", re.IGNORECASE)
XML = re.compile(rb"\s*<\?xml")
CONTROLS = {chr(code) for code in (*range(9), 11, *range(14, 27), *range(28, 32), 127, 0xFFFD)}
MOST_CONTROLS = 0.1


def check_what(path: AnyFile, start: bytes, format_name: str) -> None:
    """Check that a file's first bytes are of no other well-known format.

    Raises:
        UserError: They are not; the message says what the file is, where that can be told.
    """
    what, remedy = _what(start)
    if what:
        raise UserError(f"{path}: is {what}, expected {format_name}.", remedy or "Check the path.")


def check_text(path: AnyFile, text: str, format_name: str) -> None:
    """Check that a file's beginning is text.

    Raises:
        UserError: Too many of its characters are control characters, or none is to be seen.
    """
    head = text[:4096]
    if sum(character in CONTROLS for character in head) > len(head) * MOST_CONTROLS:
        raise UserError(
            f"{path}: line 1: holds binary data, expected {format_name}.",
            "Check the path. Where it is text, set dataset.encoding.",
        )
    if not text.strip():
        raise UserError(
            f"{path}: line 1: holds only blank lines, expected {format_name}.",
            "Check how it was made or copied.",
        )


def _what(start: bytes) -> tuple[str, str]:
    if start.startswith(b"PK\x03\x04"):
        if b"xl/" in start or b"[Content_Types].xml" in start[:200]:
            return "an Excel workbook", "Type dataset=excel, or save it as CSV."
        return "a zip archive", "Unpack it: unzip FILE"
    if HTML.match(start):
        return "an HTML page", "Download the file itself, not the page that shows it."
    if XML.match(start):
        return "an XML document", "Convert it to CSV."
    return next((found for sign, found in SIGNS.items() if start.startswith(sign)), ("", ""))


def is_json_lines(start: bytes) -> bool:
    """Tell whether a text begins with a line that is a JSON object."""
    line = start.lstrip().split(b"\n", 1)[0]
    try:
        return line.startswith(b"{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
