"""Mistakes with Hugging Face data sets end with exit code 2 and name place and remedy."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from conftest import Mlfw
from data_mistake import message_of
from mlfw import UserError
from mlfw_huggingface import HuggingFaceDataset

from .conftest import rows

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

BY_COMMAND = (
    "a missing split",
    "not a saved data set",
    "a name on a Hub that is not reached",
    "one split twice",
)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Path, divided: Path) -> Path:
    """Data sets that are whole, and some that are not, away from any network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "words.txt").write_text("words")
    rows(4).save_to_disk(tmp_path / "damaged")
    (tmp_path / "damaged/data-00000-of-00001.arrow").write_bytes(b"no Arrow at all")
    datasets.DatasetDict({"north": rows(4), "south": rows(4)}).save_to_disk(tmp_path / "unusual")
    nested = {"place": [{"x": 1}, {"x": 2}], "kind": ["a", "b"]}
    datasets.Dataset.from_dict(nested).save_to_disk(tmp_path / "nested")
    return tmp_path


@pytest.mark.parametrize("mistake", sorted(MISTAKES.keys() - set(BY_COMMAND)))
def test_what_is_wrong_is_told_before_anything_is_learnt(mistake: str, saved: Path) -> None:
    settings, expected = MISTAKES[mistake]

    message = message_of(HuggingFaceDataset, settings, target=["kind"])

    for fragment in expected:
        assert fragment in message


@pytest.mark.parametrize("mistake", BY_COMMAND)
def test_a_mistake_is_answered_with_place_and_remedy(
    mistake: str, saved: Path, mlfw_here: Mlfw
) -> None:
    settings, expected = MISTAKES[mistake]

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
