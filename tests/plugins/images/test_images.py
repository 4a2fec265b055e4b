"""Images come as the bytes of their files, with the classes that their folders or a table give."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlfw import Kind, LoadContext, Splits, Task, UserError
from mlfw_images import ImagesDataset
from mlfw_images.dataset import Unreadable

from .conftest import huge_png, picture, write_classes


def load(data: ImagesDataset) -> Splits:
    splits = data.load(LoadContext())
    assert isinstance(splits, Splits)
    return splits


def all_rows(splits: Splits) -> pa.Table:
    return pa.concat_tables([splits.train, splits.validation, splits.test])


def test_a_folder_gives_a_column_of_images_and_its_classes(pets: Path) -> None:
    splits = load(ImagesDataset(path=str(pets)))

    (column,) = splits.schema.columns
    assert (column.name, column.kind) == ("image", Kind.image)
    assert splits.schema.target.name == "label"
    assert splits.schema.task == Task.binary
    assert splits.schema.classes == ("cat", "dog")
    assert all_rows(splits).num_rows == 31
    assert splits.train.schema.field("image").type == pa.binary()
    assert [finding.check for finding in splits.findings] == ["reading"]


def test_files_that_are_no_images_are_counted_and_named(pets: Path) -> None:
    for name in (".DS_Store", "cat/Thumbs.db", "dog/desktop.ini"):
        (pets / name).write_bytes(b"\0")
    for number in range(8):
        (pets / f"dog/{number}.heic").write_bytes(b"ftypheic")

    (finding,) = load(ImagesDataset(path=str(pets))).findings

    assert finding.rows == 10
    assert "8 .heic, 1 .md, 1 .txt" in finding.message
    assert "readme.md, cat/notes.txt, dog/0.heic" in finding.message
    assert finding.remedy == "Left out."


@pytest.mark.parametrize(
    ("suffix", "form"),
    [(".tif", "TIFF"), (".TIFF", "TIFF"), (".jfif", "JPEG"), (".ppm", "PPM"), (".pgm", "PPM")],
)
def test_images_of_further_formats_are_taken(suffix: str, form: str, tmp_path: Path) -> None:
    for label, shade in (("a", 20), ("b", 200)):
        (tmp_path / label).mkdir()
        for number in range(9):
            (tmp_path / label / f"{number}{suffix}").write_bytes(picture(shade, form))
            (tmp_path / label / f"{number}.png").write_bytes(picture(shade))

    splits = load(ImagesDataset(path=str(tmp_path)))

    assert all_rows(splits).num_rows == 36
    assert "reading" not in [finding.check for finding in splits.findings]


def test_a_class_of_other_files_is_told_what_they_are(pets: Path) -> None:
    (pets / "fox").mkdir()
    for number in range(3):
        (pets / f"fox/{number}.heic").write_bytes(b"ftypheic")

    with pytest.raises(UserError, match=r"(?s)class without images: fox; found 3 \.heic.*\.tif"):
        load(ImagesDataset(path=str(pets)))


def test_each_image_stands_beside_its_own_class(pets: Path) -> None:
    for row in all_rows(load(ImagesDataset(path=str(pets)))).to_pylist():
        red = Image.open(BytesIO(row["image"])).getpixel((0, 0))[0]
        assert row["label"] == ("cat" if red < 100 else "dog")


def test_the_bytes_are_those_of_the_files(pets: Path) -> None:
    images = set(all_rows(load(ImagesDataset(path=str(pets))))["image"].to_pylist())

    assert images == {p.read_bytes() for p in pets.rglob("*") if p.suffix in (".png", ".JPG")}


def test_classes_that_look_like_numbers_are_classes(tmp_path: Path) -> None:
    write_classes(tmp_path / "digits")
    (tmp_path / "digits/cat").rename(tmp_path / "digits/007")
    (tmp_path / "digits/dog").rename(tmp_path / "digits/10")

    schema = load(ImagesDataset(path=str(tmp_path / "digits"))).schema

    assert schema.classes == ("007", "10")
    assert schema.target.kind == Kind.category


def test_a_table_names_the_images_and_may_have_more_columns(tmp_path: Path, pets: Path) -> None:
    lines = ["file,weight,age"]
    lines += [f"pets/{kind}/{i:02}.png,{i}.5,{i % 7}" for kind in ("cat", "dog") for i in range(15)]
    (tmp_path / "list.csv").write_text("\n".join(lines))

    data = ImagesDataset(path=str(tmp_path / "list.csv"), image="file", target=["weight"])
    splits = load(data)

    kinds = {column.name: column.kind for column in splits.schema.columns}
    assert kinds == {"file": Kind.image, "age": Kind.number}
    assert splits.schema.task == Task.regression
    for row in all_rows(splits).to_pylist():
        number = Image.open(BytesIO(row["file"])).getpixel((0, 0))[0] % 20
        assert row["weight"] == number + 0.5


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_a_table_may_be_of_any_format(tmp_path: Path, pets: Path, suffix: str) -> None:
    files = [str(path) for path in sorted(pets.glob("*/*.png"))]
    table = pa.table({"image": files, "kind": [Path(file).parent.name for file in files]})
    path = tmp_path / f"list.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path)
    else:
        rows = (f'{{"image": "{r["image"]}", "kind": "{r["kind"]}"}}\n' for r in table.to_pylist())
        path.write_text("".join(rows))

    schema = load(ImagesDataset(path=str(path), target=["kind"])).schema

    assert schema.columns[0].kind == Kind.image
    assert schema.classes == ("cat", "dog")


def test_folders_for_training_and_testing_stay_apart(tmp_path: Path) -> None:
    write_classes(tmp_path / "pets/train", 10)
    write_classes(tmp_path / "pets/val", 2, start=10)
    write_classes(tmp_path / "pets/test", 3, start=20)
    data = ImagesDataset(path=str(tmp_path / "pets"))

    assert data.table().num_rows == 20
    assert {part: rows.num_rows for part, rows in data.given().items()} == {
        "validation": 4,
        "test": 6,
    }
    splits = load(data)
    assert [splits.count(name) for name in ("train", "validation", "test")] == [20, 4, 6]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"These are words.", "not a PNG"),
        (b"", "empty"),
        (picture(1)[:60], "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"),
        (huge_png(60_000, 60_000), "too large"),
        (huge_png(8_000, 8_000), "too large"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a PNG"),
    ],
)
def test_what_is_no_usable_image_is_named(pets: Path, content: bytes, reason: str) -> None:
    (pets / "dog/05.png").write_bytes(content)

    with pytest.raises(UserError) as caught:
        load(ImagesDataset(path=str(pets)))

    assert "dog/05.png" in str(caught.value)
    assert reason in str(caught.value)
    assert "dataset.unreadable=skip" in str(caught.value)


def test_unreadable_images_can_be_left_out_and_are_reported(pets: Path) -> None:
    (pets / "dog/05.png").write_text("no image")
    (pets / "cat/00.png").write_bytes(huge_png(60_000, 60_000))

    splits = load(ImagesDataset(path=str(pets), unreadable=Unreadable.skip))

    assert all_rows(splits).num_rows == 29
    finding = splits.findings[0]
    assert finding.rows == 2
    assert "dog/05.png" in finding.message
    assert "cat/00.png" in finding.message


def test_the_rows_stay_beside_their_images_when_some_are_left_out(
    tmp_path: Path, pets: Path
) -> None:
    lines = ["image,weight"] + [f"pets/dog/{i:02}.png,{i}.5" for i in range(15)]
    (tmp_path / "list.csv").write_text("\n".join([*lines[:5], "pets/gone.png,99", *lines[5:]]))
    data = ImagesDataset(
        path=str(tmp_path / "list.csv"), target=["weight"], unreadable=Unreadable.skip
    )

    for row in data.table().to_pylist():
        red = Image.open(BytesIO(row["image"])).getpixel((0, 0))[0]
        assert row["weight"] == f"{red - 200}.5"


def test_the_fingerprint_follows_from_names_and_content(pets: Path, tmp_path: Path) -> None:
    def fingerprint(folder: Path = pets) -> str:
        return ImagesDataset(path=str(folder)).fingerprint()

    before = fingerprint()
    shutil.copytree(pets, tmp_path / "copy")
    assert fingerprint(tmp_path / "copy") == before
    (pets / "cat/00.png").rename(pets / "dog/99.png")
    moved = fingerprint()
    (pets / "dog/01.png").write_bytes(picture(77))

    assert len({before, moved, fingerprint()}) == 3


def test_progress_is_told_while_reading(pets: Path) -> None:
    told: list[Sequence[object]] = []

    ImagesDataset(path=str(pets)).table(lambda *step: told.append(step))

    assert told[-1] == (31, 31, "images")


def test_progress_is_told_while_the_files_are_compared_with_earlier_ones(pets: Path) -> None:
    told: list[Sequence[object]] = []

    ImagesDataset(path=str(pets)).fingerprint(lambda *step: told.append(step))

    assert told[-1] == (31, 31, "images, checksums")


def test_a_folder_is_read_for_predicting_with_the_names_of_its_files(pets: Path) -> None:
    rows = ImagesDataset().read(pets)

    assert rows.column_names == ["image", "file", "label"]
    assert rows["file"][0].as_py() == "cat/00.png"
    assert rows["label"][0].as_py() == "cat"
    assert ImagesDataset().read(pets / "cat").column_names == ["image", "file"]


def test_one_image_is_one_row(pets: Path) -> None:
    rows = ImagesDataset(image="photo").read(pets / "cat/00.png")

    assert rows.to_pydict() == {"photo": [(pets / "cat/00.png").read_bytes()]}


def test_it_reads_tables_only_where_it_was_trained_on_one() -> None:
    assert ImagesDataset(path="list.csv").reads(Path("new.csv"))
    assert not ImagesDataset(path="pets").reads(Path("new.csv"))
    assert ImagesDataset().reads(Path("new.PNG"))
