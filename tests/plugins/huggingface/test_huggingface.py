"""What the `datasets` library has saved comes as plain typed columns, its splits kept apart."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from PIL import Image

from conftest import Mlfw
from mlfw import Kind, LoadContext, Splits, UserError
from mlfw_huggingface import HuggingFaceDataset

COUNT = 60
FEATURES = datasets.Features(
    {
        "length": datasets.Value("float32"),
        "word": datasets.Value("string"),
        "seen": datasets.Value("date32"),
        "photo": datasets.Image(),
        "tags": datasets.List(datasets.ClassLabel(names=["new", "old", "red"])),
        "kind": datasets.ClassLabel(names=["ham", "spam"]),
    }
)


def shade(number: int) -> Image.Image:
    return Image.new("RGB", (4, 4), (number, 0, 0))


def rows(count: int, start: int = 0) -> datasets.Dataset:
    numbers = range(start, start + count)
    return datasets.Dataset.from_dict(
        {
            "length": [number / 2 for number in numbers],
            "word": ["ab"[number % 2] for number in numbers],
            "seen": [dt.date(2024, 1, number % 28 + 1) for number in numbers],
            "photo": [shade(number) for number in numbers],
            "tags": [[0, 2] if number % 3 else [] for number in numbers],
            "kind": [number % 2 for number in numbers],
        },
        features=FEATURES,
    )


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A data set that is not divided."""
    rows(COUNT).save_to_disk(tmp_path / "whole")
    return tmp_path / "whole"


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """A data set with three splits."""
    parts = {"train": rows(40), "val": rows(8, 40), "test": rows(12, 48)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "divided")
    return tmp_path / "divided"


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


MISTAKES = {
    "neither path nor name": ([], ["dataset.path", "dataset.name", "neither"]),
    "both path and name": (["dataset.path=whole", "dataset.name=imdb"], ["both"]),
    "no folder": (["dataset.path=hole"], ["hole", "no such folder"]),
    "a file": (["dataset.path=words.txt"], ["words.txt", "expected a folder"]),
    "not a saved data set": (
        ["dataset.path=."],
        ["not a data set saved by save_to_disk", "dataset=images"],
    ),
    "a damaged data set": (["dataset.path=damaged"], ["damaged", "Save the data set again"]),
    "a missing split": (
        ["dataset.path=divided", "dataset.test_split=tset"],
        ["dataset.test_split=tset", "train, val, test", "'test'"],
    ),
    "a split of an undivided data set": (
        ["dataset.path=whole", "dataset.train_split=train"],
        ["dataset.train_split=train", "not divided"],
    ),
    "one split twice": (
        ["dataset.path=divided", "dataset.test_split=train"],
        ["'train'", "dataset.test_split", "null"],
    ),
    "splits of unusual names": (
        ["dataset.path=unusual"],
        ["dataset.train_split", "north, south", "dataset.train_split=north"],
    ),
    "a column that no model reads": (
        ["dataset.path=nested"],
        ["'place'", "dataset.drop=[place]"],
    ),
    "a missing target": (["dataset.path=whole", "dataset.target=[knd]"], ["'knd'", "'kind'"]),
    "a revision of a folder": (
        ["dataset.path=whole", "dataset.revision=main"],
        ["dataset.revision", "Hub"],
    ),
    "a name that is a path": (["dataset.name=../whole"], ["'../whole'", "OWNER/NAME"]),
    "a name that is a folder here": (["dataset.name=whole"], ["'whole'", "dataset.path=whole"]),
    "a name on a Hub that is not reached": (
        ["dataset.name=nobody/nothing"],
        ["nobody/nothing", "cannot be reached", "save_to_disk"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_place_and_remedy(
    mistake: str,
    tmp_path: Path,
    whole: Path,
    divided: Path,
    mlfw_here: Mlfw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, expected = MISTAKES[mistake]
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "words.txt").write_text("words")
    rows(4).save_to_disk(tmp_path / "damaged")
    (tmp_path / "damaged/data-00000-of-00001.arrow").write_bytes(b"no Arrow at all")
    unusual = {"north": rows(4), "south": rows(4)}
    datasets.DatasetDict(unusual).save_to_disk(tmp_path / "unusual")
    nested = {"place": [{"x": 1}, {"x": 2}], "kind": ["a", "b"]}
    datasets.Dataset.from_dict(nested).save_to_disk(tmp_path / "nested")

    result = mlfw_here(
        "run", "dataset=huggingface", "dataset.target=[kind]", "model=tree", *settings
    )

    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    for fragment in expected:
        assert fragment in result.stderr


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("DatasetNotFoundError", ["no data set 'a/b' of revision 'v1'", "HF_TOKEN"]),
        ("scripts", ["a program, which is never run", "refs/convert/parquet"]),
        ("config", ["dataset.config=en", "BuilderConfig 'en' not found"]),
    ],
)
def test_what_the_hub_answers_is_told_with_its_remedy(error: str, expected: list[str]) -> None:
    from datasets.exceptions import DatasetNotFoundError

    from mlfw_huggingface.source import _hub_error

    raised = {
        "DatasetNotFoundError": DatasetNotFoundError("Dataset 'a/b' doesn't exist on the Hub"),
        "scripts": RuntimeError("Dataset scripts are no longer supported, but found b.py"),
        "config": ValueError("BuilderConfig 'en' not found. Available: ['de', 'fr']"),
    }[error]

    told = _hub_error("a/b", "en", "v1", raised)

    assert isinstance(told, UserError)
    for fragment in expected:
        assert fragment in str(told)
