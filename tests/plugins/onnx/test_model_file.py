"""The file of a model, kept open and not in memory."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mlfw_onnx import MODEL
from mlfw_onnx.model_file import ModelFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / MODEL
    path.write_bytes(b"x" * 100_000)
    return path


def test_its_content_stays_when_the_file_goes(path: Path) -> None:
    file = ModelFile(path)
    assert file.unchanged()

    path.unlink()

    assert file.read() == file.read() == b"x" * 100_000
    assert not file.unchanged()


def test_another_file_in_its_place_is_a_change(path: Path, tmp_path: Path) -> None:
    file = ModelFile(path)
    other = tmp_path / "other"
    shutil.copy2(path, other)

    other.replace(path)

    assert not file.unchanged()


def test_bytes_written_into_it_are_a_change(path: Path) -> None:
    file, before = ModelFile(path), path.stat()

    with path.open("r+b") as opened:
        opened.write(b"y")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))

    assert not file.unchanged()


def test_it_closes_the_file_when_nobody_needs_it(path: Path) -> None:
    file = ModelFile(path)
    number = file.number

    del file

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
