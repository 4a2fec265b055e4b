"""Small pictures of two kinds, and files that are none."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image


def picture(shade: int, form: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    """Return the file of a plain picture."""
    file = BytesIO()
    Image.new("RGB", size, (shade, shade, 255 - shade)).save(file, form)
    return file.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """Return a tiny file whose header claims a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def write_classes(folder: Path, count: int = 15, start: int = 0) -> None:
    """Write a folder with two classes, `cat` and `dog`, of `count` images each."""
    for label, shade in (("cat", 20), ("dog", 200)):
        (folder / label).mkdir(parents=True)
        for number in range(start, start + count):
            (folder / label / f"{number:02}.png").write_bytes(picture(shade + number))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep nothing of a test for the next one."""
    monkeypatch.setenv("MLFW_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder with one sub-folder a class, and things that are no images."""
    folder = tmp_path / "pets"
    write_classes(folder)
    (folder / "cat/deeper").mkdir()
    (folder / "cat/deeper/one.JPG").write_bytes(picture(3, "JPEG"))
    (folder / "cat/notes.txt").write_text("not an image, and not named like one")
    (folder / ".hidden").mkdir()
    (folder / "readme.md").write_text("pets")
    return folder
