"""Data sets saved by the `datasets` library."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import datasets
import pytest
from PIL import Image

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


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep nothing of a test for the next one."""
    monkeypatch.setenv("MLFW_CACHE", str(tmp_path / "cache"))
