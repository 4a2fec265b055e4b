"""What is no file where one is expected is answered at once, in a plain sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mlfw import LoadContext, UserError
from mlfw.pipeline.row_files import read_rows
from mlfw.plugins import Registry, load_plugins

SUFFIXES = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet", "excel": "xlsx", "images": "png"}
LONG = "x" * 300


@pytest.fixture(autouse=True)
def _odd_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("size,kind\n" + "1,a\n2,b\n" * 9)
    for suffix in (*SUFFIXES.values(), "db", "json"):
        os.mkfifo(f"pipe.{suffix}")
        Path(f"link.{suffix}").symlink_to("nowhere")
        Path(f"loop.{suffix}").symlink_to(f"loop.{suffix}")
        Path(f"folder.{suffix}").mkdir()


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins().registry


def answer(registry: Registry, name: str, **options: Any) -> str:
    component = registry.get("dataset", name).component(**options)
    with pytest.raises(UserError) as caught:
        component.load(LoadContext())
    assert caught.value.remedy
    return caught.value.problem


@pytest.mark.parametrize("name", SUFFIXES)
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("pipe.{}", "pipe or a device"),
        ("link.{}", "no such f"),
        ("loop.{}", "no such f"),
        ("/dev/full", "pipe or a device"),
        ("/dev/zero", "pipe or a device"),
        (LONG, ""),
        ("a\0b.{}", "no such f"),
    ],
)
def test_a_path_that_is_no_file_is_named(
    name: str, what: str, words: str, registry: Registry
) -> None:
    path = what.format(SUFFIXES[name])

    problem = answer(registry, name, path=path if name == "images" else [path])

    assert problem.startswith(f"dataset.path: {path}")
    assert words in problem


@pytest.mark.parametrize("what", ["pipe.csv", "link.csv", "folder.csv", "/dev/full"])
def test_the_files_kept_apart_are_looked_at_too(what: str, registry: Registry) -> None:
    problem = answer(registry, "csv", path=["data.csv"], test=[what], target=["kind"])

    assert problem.startswith(f"dataset.test: {what}")


@pytest.mark.parametrize("what", ["pipe.db", "link.db", "folder.db", "loop.db", "/dev/null", LONG])
def test_a_database_that_is_no_file_is_named(what: str, registry: Registry) -> None:
    problem = answer(registry, "sql", url=f"sqlite:///{what}", from_table="t", target=["kind"])

    assert what.rpartition("/")[2] in problem


@pytest.mark.parametrize("what", ["pipe.json", "link.json", "folder.json", "loop.json", LONG])
def test_a_schema_that_is_no_file_is_named(what: str, registry: Registry) -> None:
    problem = answer(registry, "csv", path=["data.csv"], schema=what, target=["kind"])

    assert problem.startswith(f"dataset.schema: {what}")


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "png"])
@pytest.mark.parametrize("what", ["pipe", "link", "loop", LONG, "a\0b"])
def test_rows_to_predict_that_are_no_file_are_named(
    what: str, suffix: str, registry: Registry
) -> None:
    for options in ({}, {"use": "csv"}, {"use": "images"}):
        with pytest.raises(UserError) as caught:
            read_rows(Path(f"{what}.{suffix}"), registry, options)
        assert caught.value.problem.startswith(f"{what}.{suffix}: ")


def test_a_folder_to_predict_is_refused_by_a_model_of_tables(registry: Registry) -> None:
    with pytest.raises(UserError, match="is a folder, expected a file"):
        read_rows(Path("folder.csv"), registry, {"use": "csv"})
