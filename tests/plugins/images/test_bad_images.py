"""Mistakes with images end with exit code 2 and name the file or row and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Mlfw
from data_mistake import message_of
from mlfw_images import ImagesDataset

from .conftest import huge_png, picture, write_classes

TABLE = ("dataset.path=list.csv", "dataset.target=[kind]")

MISTAKES = {
    "no path": ((), ["dataset.path", "one sub-folder a class"]),
    "a folder that is not there": (["dataset.path=pest"], ["pest", "no such folder"]),
    "a folder without images": (["dataset.path=words"], ["words", "no images", ".png", "CLASS"]),
    "an empty folder": (["dataset.path=empty"], ["empty", "no images", "CLASS"]),
    "images without classes": (["dataset.path=loose"], ["loose", "1 images", "a.png", "CLASS"]),
    "an empty class": (["dataset.path=hollow"], ["hollow", "class without images: fox"]),
    "one class only": (["dataset.path=single"], ["only one class", "'cat'"]),
    "text named as an image": (
        ["dataset.path=text"],
        ["1 of 30", "cat/03.png", "not a PNG", "dataset.unreadable=skip"],
    ),
    "many unreadable images": (
        ["dataset.path=broken"],
        ["15 of 30", "cat/00.png", "and 10 more", "dataset.unreadable=skip"],
    ),
    "nothing but unreadable images": (
        ["dataset.path=hopeless", "dataset.unreadable=skip"],
        ["30 of 30", "cat/00.png"],
    ),
    "an image of a bomb's size": (
        ["dataset.path=bomb"],
        ["dog/02.png", "too large", "more than 50 million pixels"],
    ),
    "an unknown wish about unreadable ones": (
        ["dataset.path=text", "dataset.unreadable=ignore"],
        ["dataset.unreadable", "skip", "ignore"],
    ),
    "a table whose paths are not there": (
        [*TABLE, "dataset.image=gone"],
        ["list.csv", "row 1: nowhere/0.png", "no such file", "dataset.unreadable=skip"],
    ),
    "a table with an empty path": ([*TABLE, "dataset.image=some"], ["row 2: empty", "no path"]),
    "a table without the column": ([*TABLE], ["list.csv", "dataset.image", "'image'", "some"]),
    "a table whose column holds numbers": (
        ["dataset.path=list.parquet", "dataset.image=number", "dataset.target=[kind]"],
        ["'number'", "paths", "int64"],
    ),
    "a table without a target": (
        ["dataset.path=good.csv"],
        ["dataset.target", "good.csv", "kind"],
    ),
    "a file that is neither": (["dataset.path=words/a.txt.zip"], ["a.txt.zip", "folder of images"]),
}

BY_COMMAND = (
    "a folder without images",
    "one class only",
    "text named as an image",
    "an empty class",
    "an unknown wish about unreadable ones",
    "a table whose paths are not there",
)


def fill(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in ("hollow", "single", "text", "broken", "hopeless", "bomb"):
        write_classes(folder / name)
    (folder / "hollow/fox").mkdir()
    (folder / "single/dog").rename(folder / "elsewhere")
    (folder / "text/cat/03.png").write_text("This is no image.")
    (folder / "bomb/dog/02.png").write_bytes(huge_png(90_000, 100_000))
    broken = [*(folder / "broken/cat").iterdir(), *(folder / "hopeless").rglob("*.png")]
    for path in broken:
        path.write_bytes(b"GIF89a?")
    for name in ("words/letters", "empty", "loose"):
        (folder / name).mkdir(parents=True)
    (folder / "words/letters/a.txt").write_text("a")
    (folder / "words/a.txt.zip").write_text("a")
    (folder / "loose/a.png").write_bytes(picture(1))
    rows = [f"nowhere/{i}.png,{'' if i == 1 else 'loose/a.png'},ab{i % 2}" for i in range(9)]
    (folder / "list.csv").write_text("gone,some,kind\n" + "\n".join(rows))
    (folder / "good.csv").write_text("image,kind\nloose/a.png,a\nloose/a.png,b\n")
    pq.write_table(pa.table({"number": [1, 2], "kind": ["a", "b"]}), folder / "list.parquet")


@pytest.mark.parametrize("mistake", BY_COMMAND)
def test_a_mistake_is_answered_with_place_and_remedy(
    mistake: str, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    settings, expected = MISTAKES[mistake]
    fill(tmp_path)

    result = mlfw_here("run", "dataset=images", "model=tree", *settings)

    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    for fragment in expected:
        assert fragment in result.stderr


@pytest.mark.parametrize("mistake", sorted(MISTAKES.keys() - set(BY_COMMAND)))
def test_what_is_wrong_is_told_before_anything_is_learnt(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, expected = MISTAKES[mistake]
    monkeypatch.chdir(tmp_path)
    fill(tmp_path)

    message = message_of(ImagesDataset, settings)

    for fragment in expected:
        assert fragment in message
