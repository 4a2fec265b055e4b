"""A model of images is trained, measured and asked with folders, files and tables of images."""

from __future__ import annotations

import csv
import json
import runpy
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from conftest import ROOT, Mlfw
from mlfw import LoadContext, Splits, UserError
from mlfw.pipeline.row_files import read_rows, row_format
from mlfw.plugins import load_plugins
from mlfw_tabular.csv import Csv

DIGITS = ROOT / "examples/digits"


def test_the_example_of_digits_goes_the_whole_way(tmp_path: Path, mlfw_here: Mlfw) -> None:
    shutil.copytree(DIGITS, tmp_path / "digits", ignore=shutil.ignore_patterns("images", "runs"))
    runpy.run_path(str(tmp_path / "digits/make_images.py"))["main"](tmp_path / "digits/images")

    run = mlfw_here("run", "digits/run.yaml", "trainer.epochs=3", "run.name=digits")
    asked = mlfw_here("predict", "digits", "digits/images/3", "-o", "threes.csv")
    single = next((tmp_path / "digits/images/0").iterdir())
    one = mlfw_here("predict", "digits", single)
    measured = mlfw_here("evaluate", "digits", "digits/images")
    unwritable = mlfw_here("predict", "digits", single, "-o", "out.png")

    assert run.returncode == 0, run.stderr
    metrics = json.loads((tmp_path / "runs/digits/metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.8
    assert asked.returncode == 0, asked.stderr
    rows = list(csv.DictReader((tmp_path / "threes.csv").open()))
    assert [row["file"] for row in rows] == sorted(
        path.name for path in (tmp_path / "digits/images/3").iterdir()
    )
    assert sum(row["prediction"] == "3" for row in rows) > 0.8 * len(rows)
    assert one.returncode == 0, one.stderr
    assert len(one.stdout.splitlines()) == 2
    assert measured.returncode == 0, measured.stderr
    assert unwritable.returncode == 2
    assert "'.png' are read and not written" in unwritable.stderr


@pytest.fixture
def listed(pets: Path) -> Path:
    """A table of images, beside their folder."""
    path = pets.parent / "new.csv"
    path.write_text("photo,age\npets/cat/00.png,3\npets/dog/00.png,4\n")
    return path


def test_a_table_of_paths_is_read_as_images_by_a_run_that_was_trained_on_one(
    listed: Path,
) -> None:
    registry = load_plugins().registry
    options = {"use": "images", "path": "/elsewhere/old.csv", "image": "photo"}

    rows = read_rows(listed, registry, options)

    assert rows.schema.field("photo").type == pa.binary()
    assert rows["photo"][1].as_py() == (listed.parent / "pets/dog/00.png").read_bytes()
    assert rows["age"].to_pylist() == ["3", "4"]


def test_a_table_stays_a_table_for_other_runs(listed: Path) -> None:
    registry = load_plugins().registry

    for options in (None, {"use": "csv"}, {"use": "images", "path": "/elsewhere/pets"}):
        rows = read_rows(listed, registry, options)
        assert rows["photo"][0].as_py() == "pets/cat/00.png"


def test_an_image_that_cannot_be_read_is_named_when_predicting(pets: Path) -> None:
    (pets / "cat/03.png").write_text("no image")

    with pytest.raises(UserError, match=r"cat/03\.png: not a PNG") as caught:
        read_rows(pets, load_plugins().registry, {"use": "images", "unreadable": "skip"})

    assert "dataset." not in str(caught.value)


def test_no_key_of_a_run_is_advised_when_predicting(listed: Path) -> None:
    options = {"use": "images", "path": "/elsewhere/old.csv"}
    for image in ("picture", "age"):
        with pytest.raises(UserError) as caught:
            read_rows(listed, load_plugins().registry, {**options, "image": image})
        assert "dataset." not in str(caught.value)


def test_files_that_are_passed_over_are_told_of_when_predicting(pets: Path) -> None:
    notes: list[str] = []

    rows = read_rows(pets, load_plugins().registry, {"use": "images"}, noted=notes.append)

    assert rows.num_rows == 31
    told = "2 files are no images by name (1 .txt, 1 .md): cat/notes.txt, readme.md."
    assert notes == [f"image: {told}"]


def test_a_table_of_words_that_names_images_says_how_to_learn_from_them(
    listed: Path, tmp_path: Path
) -> None:
    table = tmp_path / "many.csv"
    lines = [f"pets/{'cat' if i % 2 else 'dog'}/{i % 9:02}.png,{i},ab{i % 2}" for i in range(30)]
    table.write_text("photo,age,kind\n" + "\n".join(lines))
    advice = f"dataset=images dataset.path={table} dataset.image=photo"

    splits = Csv(path=[str(table)], target=["kind"]).load(LoadContext())
    said = Csv(path=[str(table)], target=["kind"], columns={"photo": "category"})
    silent = said.load(LoadContext())

    assert isinstance(splits, Splits)
    assert isinstance(silent, Splits)
    (note,) = [finding for finding in splits.findings if finding.check == "reading"]
    assert note.column == "photo"
    assert advice in note.remedy
    assert not [finding for finding in silent.findings if finding.check == "reading"]
    with pytest.raises(UserError, match="names image files") as caught:
        Csv(path=[str(table)], target=["kind"], drop=["age"]).load(LoadContext())
    assert advice in caught.value.remedy


def test_a_database_is_not_asked_for_when_files_are_read(listed: Path) -> None:
    options = {"use": "sql", "url": "${oc.env:NOT_SET_WHEN_PREDICTING}", "from_table": "x"}

    assert read_rows(listed, load_plugins().registry, options).num_rows == 2
    assert row_format(listed, load_plugins().registry, write=True).suffixes


def test_a_folder_is_read_where_the_images_of_a_table_are_called_as_paths_are(pets: Path) -> None:
    registry = load_plugins().registry

    for image, others in (("file", ["path", "label"]), ("label", ["file"]), ("image", ["file"])):
        options = {"use": "images", "path": "/elsewhere/old.csv", "image": image}
        names = read_rows(pets, registry, options).column_names
        assert names[0] == image
        assert names[1 : len(others) + 1] == others
        assert len(set(names)) == len(names)
