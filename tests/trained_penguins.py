"""A run on the penguins that tests of one process share."""

from __future__ import annotations

import atexit
import csv
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from conftest import PENGUINS
from mlfw.cli.main import main

LEFT_OUT = ["studyName", "Sample Number", "Individual ID"]


@cache
def trained_penguins() -> Path:
    """Return a run that tells the sex of penguins; nobody may change it."""
    folder = Path(tempfile.mkdtemp(prefix="mlfw-penguins-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    status = main(
        ["run", "dataset=csv", f"dataset.path={PENGUINS}", "dataset.target=Sex", "model=tree",
         f"dataset.drop=[{','.join(LEFT_OUT)},Region,Stage]", "dataset.columns.Comments=text",
         f"run.dir={folder / 'run'}"]
    )  # fmt: skip
    assert status == 0
    return folder / "run"


def penguins() -> list[dict[str, str]]:
    """Return the rows of the file."""
    return [dict(row) for row in _read()]


@cache
def _read() -> list[dict[str, str]]:
    with PENGUINS.open() as file:
        return list(csv.DictReader(file))


def penguin(number: int, **changes: Any) -> dict[str, Any]:
    """Return one of the rows as a request holds it."""
    found = _read()[number % 344]
    row: dict[str, Any] = {
        key: None if value in ("", "NA") else value
        for key, value in found.items()
        if key not in (*LEFT_OUT, "Sex", "Region", "Stage")
    }
    row["Clutch Completion"] = found["Clutch Completion"] == "Yes"
    for name, value in row.items():
        if name.endswith((")", "(g)")) and value is not None:
            row[name] = float(value)
    return {**row, **changes}
