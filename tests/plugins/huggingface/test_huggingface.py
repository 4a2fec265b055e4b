"""What the `datasets` library has saved comes as plain typed columns, its splits kept apart."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import datasets
import pyarrow as pa
from PIL import Image

from conftest import Mlfw
from mlfw import Kind, LoadContext, Splits
from mlfw_huggingface import HuggingFaceDataset

from .conftest import COUNT, rows, shade


def test_classes_become_their_names_and_images_bytes(whole: Path) -> None:
    table = HuggingFaceDataset(path=str(whole)).table()

    assert table.schema.field("length").type == pa.float32()
    assert table.schema.field("seen").type == pa.date32()
    assert table["kind"].to_pylist()[:3] == ["ham", "spam", "ham"]
    assert table["tags"].to_pylist()[:2] == [[], ["new", "red"]]
    assert table.schema.field("photo").type == pa.binary()
    assert Image.open(BytesIO(table["photo"][7].as_py())).getpixel((0, 0)) == (7, 0, 0)


def test_the_schema_follows_from_the_features(whole: Path) -> None:
    data = HuggingFaceDataset(path=str(whole), target=["kind"], drop=["tags"])

    splits = data.load(LoadContext())

    assert isinstance(splits, Splits)
    assert {column.name: column.kind for column in splits.schema.columns} == {
        "length": Kind.number,
        "word": Kind.category,
        "seen": Kind.datetime,
        "photo": Kind.image,
    }
    assert splits.schema.classes == ("ham", "spam")
    assert data.given() == {}


def test_a_class_that_is_not_known_is_missing(tmp_path: Path) -> None:
    features = datasets.Features({"kind": datasets.ClassLabel(names=["ham", "spam"])})
    datasets.Dataset.from_dict({"kind": [0, -1, None, 1]}, features=features).save_to_disk(
        tmp_path / "hidden"
    )

    table = HuggingFaceDataset(path=str(tmp_path / "hidden")).table()

    assert table["kind"].to_pylist() == ["ham", None, None, "spam"]


def test_rows_that_were_chosen_and_reordered_come_so(tmp_path: Path) -> None:
    rows(COUNT).select([5, 3, 9]).save_to_disk(tmp_path / "chosen")

    table = HuggingFaceDataset(path=str(tmp_path / "chosen")).table()

    assert table["length"].to_pylist() == [2.5, 1.5, 4.5]
    assert table["tags"].to_pylist() == [["new", "red"], [], []]


def test_an_image_in_a_file_of_its_own_is_read(tmp_path: Path) -> None:
    shade(9).save(tmp_path / "nine.png")
    features = datasets.Features({"photo": datasets.Image()})
    data = datasets.Dataset.from_dict({"photo": [str(tmp_path / "nine.png")]}, features=features)
    data.save_to_disk(tmp_path / "beside")

    table = HuggingFaceDataset(path=str(tmp_path / "beside")).table()

    assert table["photo"][0].as_py() == (tmp_path / "nine.png").read_bytes()


def test_splits_are_found_by_their_usual_names(divided: Path) -> None:
    data = HuggingFaceDataset(path=str(divided))

    assert data.table().num_rows == 40
    assert {part: table.num_rows for part, table in data.given().items()} == {
        "validation": 8,
        "test": 12,
    }
    assert data.given()["test"]["length"][0].as_py() == 24


def test_rows_that_are_kept_apart_stay_apart(divided: Path) -> None:
    data = HuggingFaceDataset(path=str(divided), target=["kind"], drop=["tags", "photo"])

    splits = data.load(LoadContext())

    assert isinstance(splits, Splits)
    assert splits.train["length"].to_pylist() == [number / 2 for number in range(40)]
    assert splits.validation["length"].to_pylist() == [number / 2 for number in range(40, 48)]
    assert splits.test["length"].to_pylist() == [number / 2 for number in range(48, 60)]


def test_splits_can_be_named_or_left_out(divided: Path) -> None:
    data = HuggingFaceDataset(
        path=str(divided), train_split="test", validation_split="train", test_split=None
    )

    assert data.table().num_rows == 12
    assert {part: table.num_rows for part, table in data.given().items()} == {"validation": 40}


def test_the_fingerprint_follows_from_the_rows(tmp_path: Path) -> None:
    def fingerprint(name: str, count: int) -> str:
        rows(count).save_to_disk(tmp_path / name)
        return HuggingFaceDataset(path=str(tmp_path / name)).fingerprint()

    first = fingerprint("a", 10)

    assert HuggingFaceDataset(path=str(tmp_path / "a")).fingerprint() == first
    assert fingerprint("b", 11) != first


def test_a_whole_run_reads_a_saved_data_set(divided: Path, mlfw_here: Mlfw) -> None:
    result = mlfw_here(
        "run",
        "dataset=huggingface",
        "dataset.path=divided",
        "dataset.target=[kind]",
        "dataset.drop=[tags,photo]",
        "model=tree",
    )

    assert result.returncode == 0, result.stderr
