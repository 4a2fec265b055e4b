"""Files and folders appear whole or not at all, also in a process that is killed."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlfw.errors import UserError
from mlfw.files import (
    TEMPORARY_PREFIX,
    digest,
    filled_folder,
    finite,
    new_folder,
    read_file,
    read_json,
    sha256,
    write_bytes,
    write_json,
    write_text,
)

ENDLESS_WRITER = """
import itertools, sys
from pathlib import Path
from mlfw.files import new_folder, write_bytes
path = Path(sys.argv[1])
for number in itertools.count():
    content = bytes([number % 251]) * 3_000_000
    write_bytes(path / "file", content)
    with new_folder(path / "folder") as folder:
        (folder / "a").write_bytes(content)
        (folder / "b").write_bytes(content)
"""
FULL_DISK = """
import sys
from pathlib import Path
from mlfw.files import new_folder, write_bytes
path, content = Path(sys.argv[1]), b"x" * 2_000_000
try:
    write_bytes(path / "file", content)
except OSError as error:
    print(type(error).__name__)
try:
    with new_folder(path / "folder") as folder:
        (folder / "a").write_bytes(content)
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A folder with a file and a folder in it."""
    write_text(tmp_path / "file", "old")
    with new_folder(tmp_path / "folder") as folder:
        (folder / "a").write_text("old")
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_written_with_the_folders_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "a/b/file"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == {"file"}
    assert path.stat().st_mode & 0o777 == 0o644


def test_text_is_utf8_and_json_reads_back(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"größe": [1, 2.5, None], "t": True})
    assert "größe" in (tmp_path / "x.json").read_bytes().decode("utf-8")
    assert read_json(tmp_path / "x.json") == {"größe": [1, 2.5, None], "t": True}


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": math.nan, "b": [math.inf, (1.0, -math.inf)]})
    assert read_json(tmp_path / "x.json") == {"a": None, "b": [None, [1.0, None]]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_whatever_is_made_finite_is_valid_json(value: object) -> None:
    assert json.loads(json.dumps(finite(value), allow_nan=False)) == finite(value)


def test_a_folder_takes_its_name_when_the_block_ends(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep/folder") as folder:
        (folder / "sub").mkdir()
        (folder / "sub/file").write_text("x")
        assert not (tmp_path / "deep/folder").exists()
    assert (tmp_path / "deep/folder/sub/file").read_text() == "x"
    assert names(tmp_path / "deep") == {"folder"}
    assert (tmp_path / "deep/folder").stat().st_mode & 0o777 == 0o755


def test_a_new_folder_replaces_the_old_one_with_all_that_was_in_it(filled: Path) -> None:
    with new_folder(filled / "folder") as folder:
        (folder / "b").write_text("new")
        assert names(filled / "folder") == {"a"}
    assert names(filled / "folder") == {"b"}
    assert names(filled) == {"file", "folder"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_block_that_fails_leaves_the_old_folder_and_nothing_else(
    filled: Path, error: type[BaseException]
) -> None:
    def fail() -> None:
        with new_folder(filled / "folder") as folder:
            (folder / "b").write_text("new")
            raise error

    with pytest.raises(error):
        fail()
    assert names(filled / "folder") == {"a"}
    assert names(filled) == {"file", "folder"}


def test_a_target_that_cannot_be_replaced_leaves_nothing_behind(filled: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        write_bytes(filled / "folder", b"x")
    assert names(filled) == {"file", "folder"}


def run_full(folder: Path, **limits: int) -> str:
    """Run the script that fills a disk, within a limit on the size of files if one is given."""
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True,
        preexec_fn=lambda: [resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
                            for size in limits.values()],
    )  # fmt: skip
    return result.stdout + result.stderr


def test_a_write_that_hits_a_limit_leaves_what_was_there(filled: Path) -> None:
    assert run_full(filled, size=1_000_000) == "OSError\nOSError\n"
    assert (filled / "file").read_text() == (filled / "folder/a").read_text() == "old"
    assert names(filled) == {"file", "folder"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_what_was_there(small_disk: Path) -> None:
    write_text(small_disk / "file", "old")
    with new_folder(small_disk / "folder") as folder:
        (folder / "a").write_text("old")
    assert run_full(small_disk) == "OSError\nOSError\n"
    assert (small_disk / "file").read_text() == (small_disk / "folder/a").read_text() == "old"
    assert names(small_disk) == {"file", "folder"}


def test_a_process_killed_while_writing_leaves_whole_files_only(tmp_path: Path) -> None:
    for attempt in range(8):
        place = tmp_path / str(attempt)
        writer = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, str(place)])
        deadline = time.monotonic() + 30
        while not (place / "folder").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.007 * attempt)
        writer.kill()
        writer.wait()
        assert_whole(place / "file")
        if (place / "folder").exists():  # it has no name for an instant while it is replaced
            assert names(place / "folder") == {"a", "b"}
            assert (place / "folder/a").read_bytes() == (place / "folder/b").read_bytes()
            assert_whole(place / "folder/a")
        left = names(place) - {"file", "folder"}
        assert all(name.startswith(TEMPORARY_PREFIX) for name in left)


def assert_whole(path: Path) -> None:
    content = path.read_bytes()
    assert len(content) == 3_000_000
    assert len(set(content)) == 1


def test_checksums_are_those_that_other_tools_compute(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb4")


def test_a_fingerprint_depends_on_the_value_and_not_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert digest([1, 2]) != digest([2, 1])
    assert len(digest(None)) == 16


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_is_filled_at_the_end_or_stays_as_it_was(there: bool, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    if there:
        folder.mkdir()

    def fail() -> None:
        with filled_folder(folder) as temporary:
            (temporary / "a").write_text("a")
            raise OSError("halfway")

    with pytest.raises(OSError, match="halfway"):
        fail()
    assert list(tmp_path.rglob("*")) == [folder] * there
    number = folder.stat().st_ino if there else None
    with filled_folder(folder) as temporary:
        (temporary / "a").write_text("a")
        (temporary / "b").mkdir()

    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]
    assert number in (None, folder.stat().st_ino)


def test_a_file_of_someone_else_is_read_unless_it_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"12345")

    assert read_file(path, 5, folder=tmp_path) == b"12345"
    with pytest.raises(UserError, match="data: 5 bytes, expected at most 4"):
        read_file(path, 4)


def test_a_link_within_the_folder_is_followed_and_one_out_of_it_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a").write_bytes(b"in")
    (folder / "b").symlink_to("a")
    (tmp_path / "secret").write_bytes(b"out")
    (folder / "c").symlink_to("../secret")

    assert read_file(folder / "b", 9, folder=folder) == b"in"
    with pytest.raises(UserError, match="c: is a link out of"):
        read_file(folder / "c", 9, folder=folder)


@pytest.mark.parametrize("kind", ["a FIFO", "a device", "a folder", "a link", "nothing"])
def test_what_is_no_file_is_refused_without_waiting(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "it"
    if kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a link":
        path.symlink_to(path)

    with pytest.raises(UserError, match=f"it: expected a file, found {kind}"):
        read_file(path, 9)
