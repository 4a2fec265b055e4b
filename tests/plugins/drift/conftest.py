"""One trained run, and rows to compare with it."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trained_penguins import penguins, trained_penguins

Rows = list[dict[str, str]]
WORD = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def trained() -> Path:
    """A run that tells the sex of penguins; nobody may change it."""
    return trained_penguins()


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may change."""
    return shutil.copytree(trained, tmp_path / "copied")


def drawn(count: int, seed: int = 1) -> Rows:
    """Return so many rows like those of training."""
    return [dict(row) for row in random.Random(seed).choices(penguins(), k=count)]


def moved(count: int) -> Rows:
    """Return rows of longer bills, from a new island, many without a weight."""
    rows = drawn(count, 2)
    for number, row in enumerate(rows):
        if row["Culmen Length (mm)"] != "NA":
            row["Culmen Length (mm)"] = str(float(row["Culmen Length (mm)"]) + 5)
        if number % 3 == 0:
            row["Island"] = WORD
        if number % 4 == 0:
            row["Body Mass (g)"] = ""
    return rows


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Rows], Path]:
    """Write rows into a CSV file."""

    def written(rows: Rows, name: str = "rows.csv") -> Path:
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return tmp_path / name

    return written
