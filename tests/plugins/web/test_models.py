"""Pages of models of every kind predict in a browser what mlfw predicts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import mlfw
from browser import new_page, served
from mixed_table import TARGETS, mixed_table

from .conftest import Exported, export, train

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

USE = """
([name, rows]) => import(`./${name}/site/predict.js`).then(async ({ check, predictRows }) => (
  { checked: await check(), ...await predictRows(JSON.parse(rows)) }
))
"""
EMPTY = '<!doctype html><link rel="icon" href="data:,">'
SOURCE = [
    {"amount": 0.4, "whole number": 3, "ratio": 1.2, "gain": -7.5, "ready?": True,
     'seen "at"': "2022-03-04 05:06", "colour": "red", "city": "c3", "remark": "good, but slow!"},
    {"amount": None, "whole number": "7", "ratio": "-1e2", "gain": None, "ready?": "no",
     'seen "at"': None, "colour": "violet", "city": None, "remark": "GOOD fast unheard"},
]  # fmt: skip


def table_run(home: Path, name: str, targets: tuple[str, ...], *overrides: str) -> Exported:
    file = home / f"{name}.parquet"
    pq.write_table(mixed_table().drop_columns([t for t in TARGETS if t not in targets]), file)
    run = train(
        home, name, "dataset=parquet", f"dataset.path={file}",
        f"dataset.target=[{','.join(targets)}]", "dataset.columns.remark=text",
        "dataset.columns.city=category", *overrides,
    )  # fmt: skip
    return export(run, home / f"{name}-out")


def in_browser(browser: Browser, exported: Exported, rows: list[dict[str, Any]]) -> dict[str, Any]:
    home = exported.folder.parent
    (home / "empty.html").write_text(EMPTY)
    with served(home) as address, new_page(browser) as page:
        page.goto(f"{address}/empty.html")
        found: dict[str, Any] = page.evaluate(USE, [exported.folder.name, json.dumps(rows)])
    assert found["checked"]["equal"], found["checked"]
    assert found["checked"]["rows"] >= 3
    return found


@pytest.mark.filterwarnings("ignore::mlfw.DataWarning")
def test_a_network_of_several_targets(browser: Browser, tmp_path: Path) -> None:
    exported = table_run(
        tmp_path, "several", ("answer", "level", "price", "tags"), "model=mlp", "trainer.epochs=1"
    )

    found = in_browser(browser, exported, SOURCE)

    rows = [{**row, "whole number": float(row["whole number"] or 0)} for row in SOURCE]
    expected = mlfw.load(exported.run).predict(rows).to_pylist()
    for made, wanted in zip(found["predictions"], expected, strict=True):
        targets = made["targets"]
        assert list(targets) == ["answer", "level", "price", "tags"]
        assert targets["answer"]["prediction"] is wanted["prediction_answer"]
        assert targets["level"]["prediction"] == pytest.approx(wanted["prediction_level"])
        assert targets["price"]["prediction"] == pytest.approx(wanted["prediction_price"])
        assert targets["tags"]["prediction"] == wanted["prediction_tags"]
        for label, share in targets["tags"]["probabilities"].items():
            assert share == pytest.approx(wanted[f"probability_tags_{label}"], abs=1e-6)


def test_images(browser: Browser, tmp_path: Path) -> None:
    from PIL import Image

    chance = np.random.default_rng(0)
    for label, shade in (("cat", 60), ("dog", 180)):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for number in range(15):
            pixels = chance.integers(shade - 50, shade + 50, (12, 10, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"pets/{label}/{number}.png")
    run = train(
        tmp_path, "pets", "dataset=images", f"dataset.path={tmp_path / 'pets'}", "model=tree"
    )
    exported = export(run, tmp_path / "out")
    photo = next((tmp_path / "pets/dog").glob("*.png"))

    with new_page(browser) as page:
        page.goto(exported.single)
        page.wait_for_selector("body[data-state=checked]")
        page.get_by_label("image", exact=True).set_input_files(photo)

        page.wait_for_function("document.querySelector('.answer').textContent === 'dog'")
        assert page.locator("img.preview").is_visible()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::mlfw.DataWarning")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "options",
    [
        ("model=forest", "model.trees=20"),
        ("model=boosting", "dataset.prepare.remark.encode=hash"),
        ("model=svm",),
        ("model=linear", "dataset.prepare.remark.ngrams=2"),
        ("model=mlp", "trainer.epochs=1"),
    ],
    ids=lambda options: options[0].partition("=")[2],
)
def test_every_family_and_task(
    browser: Browser, tmp_path: Path, target: str, options: tuple[str, ...]
) -> None:
    in_browser(browser, table_run(tmp_path, "one", (target,), *options), SOURCE)
