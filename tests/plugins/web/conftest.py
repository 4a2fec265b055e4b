"""A browser, and a model of columns of every kind that was exported as a web page."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mlfw
from browser import opened_browser
from mlfw_web.deployer import Web

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "</script><img src=x onerror=alert(1)>"
CLASSES = ("<b>good</b>", 'bad & "worse"')
COLUMNS = (HOSTILE, "price", "seen", "fresh", "code", "colour", "lasted", "remark", "__proto__")


def made_rows(count: int) -> list[dict[str, str]]:
    """Return rows as text, values written as people write them, from which the target follows."""
    chance = random.Random(1)
    rows = []
    for number in range(count):
        price = chance.uniform(100, 9000)
        fresh = chance.random() < 0.5
        seconds = chance.randrange(60, 20_000)
        day = date(2023, 1, 1) + timedelta(days=chance.randrange(600))
        colour = chance.choice(["red", "green", "blue"])
        good = price < 4000 if colour == "red" else fresh
        rows.append(
            {
                "id": f"R{number:05d}",
                HOSTILE: f"{chance.gauss(50, 10):.2f}",
                "price": f"{price:,.2f} €".translate(str.maketrans(",.", ".,")),
                "seen": f"{day:%d.%m.%Y}",
                "fresh": "yes" if fresh else "no",
                "code": f"{chance.randrange(1, 6):03d}",
                "colour": colour if chance.random() < 0.9 else "",
                "lasted": f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
                "remark": " ".join(chance.choices(REMARKS, k=chance.randrange(3, 9))),
                "__proto__": f"{chance.gauss(0, 1):.3f}",
                "verdict": CLASSES[not good],
            }
        )
    return rows


REMARKS = ("Crème", "BRÛLÉE", "spoilt", "ripe", "ΣΊΣΥΦΟΣ", "x_1", "7", "don't", "naïve", "日本")


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(frozen=True)
class Exported:
    """A trained run and the folder into which it was exported."""

    run: Path
    folder: Path

    @property
    def single(self) -> str:
        return (self.folder / "predict.html").as_uri()

    def expected(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return what Python predicts for one row."""
        found: dict[str, Any] = mlfw.load(self.run).predict([row]).to_pylist()[0]
        return found


def train(home: Path, name: str, *overrides: str) -> Path:
    settings = ["dataset=csv", f"run.name={name}", f"run.folder={home / 'runs'}", "deployer=none"]
    mlfw.run(None, [*settings, *overrides])
    return home / "runs" / name


def export(run: Path, folder: Path, **options: Any) -> Exported:
    folder.mkdir()
    Web(**options).deploy(run / "model", folder, run.name)
    return Exported(run, folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A tree over columns of all kinds, some with names and values that could harm a page."""
    home = tmp_path_factory.mktemp("web")
    data = write_rows(home / "rows.csv", made_rows(160))
    run = train(
        home, "tree", f"dataset.path={data}", "dataset.target=verdict", "model=tree",
        "dataset.columns.code=category",
    )  # fmt: skip
    return export(run, home / "out")
