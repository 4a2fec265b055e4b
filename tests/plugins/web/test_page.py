"""The page in a browser: forms, files and the module answer as Python does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

import mlfw
from browser import new_page, served
from conftest import Mlfw
from mlfw import DataWarning

from .conftest import CLASSES, COLUMNS, HOSTILE, Exported, made_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def shared(browser: Browser, exported: Exported) -> Iterator[Page]:
    """The single file, opened from the disk once, as this takes a second or two."""
    with new_page(browser) as page:
        opened(page, exported.single)
        yield page


@pytest.fixture
def page(shared: Page) -> Page:
    """The single file, with usual values in its form."""
    shared.set_viewport_size({"width": 1200, "height": 900})
    shared.get_by_role("tab", name="One row").click()
    shared.get_by_role("button", name="Usual values").click()
    shared.locator(".bar .name").first.wait_for()
    return shared


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("body[data-state=checked]")


def shown(page: Page) -> dict[str, str]:
    """Return the shares that the page shows, by class."""
    names = page.locator(".bar .name").all_inner_texts()
    return dict(zip(names, page.locator(".bar .share").all_inner_texts(), strict=True))


def percent(share: float) -> str:
    if 0 < share < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if 0.999 < share < 1 else f"{100 * share:.1f} %"


def check_answer(page: Page, expected: dict[str, Any]) -> None:
    page.wait_for_function(
        "text => document.querySelector('.answer')?.textContent === text",
        arg=expected["prediction"],
    )
    assert shown(page) == {name: percent(expected[f"probability_{name}"]) for name in CLASSES}


ROW = {
    HOSTILE: "61.5",
    "price": "3.250,5 €",
    "seen": "24.12.2023",
    "fresh": "no",
    "code": "003",
    "colour": "red",
    "lasted": "2:10:00",
    "remark": "Crème brûlée, spoilt! don't",
    "__proto__": "-0.25",
}


def test_a_form_filled_in_by_its_labels_is_answered_as_in_python(
    page: Page, exported: Exported
) -> None:
    for colour, fresh in (("red", "no"), ("green", "no"), ("blue", "yes")):
        row = {**ROW, "colour": colour, "fresh": fresh}
        for name, value in row.items():
            field = page.get_by_label(name, exact=True)
            if name in ("colour", "code", "fresh"):
                field.select_option(label=value)
            else:
                field.fill(value)
        page.get_by_role("button", name="Predict").click()

        check_answer(page, exported.expected(row))


def test_the_foot_shows_the_licences(page: Page) -> None:
    text = page.locator("#licences pre")
    assert not text.is_visible()

    page.locator("#licences summary").press("Enter")

    page.wait_for_function("() => document.querySelector('#licences pre').textContent")
    assert "MIT License" in text.inner_text()
    assert "third-party notices of ONNX Runtime" in text.inner_text()
    page.locator("#licences summary").press("Enter")


def test_the_keyboard_alone_fills_in_the_form(page: Page, exported: Exported) -> None:
    page.get_by_role("tab", name="One row").focus()
    for name in COLUMNS:
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.labels[0].textContent")
        assert focused == name
        if page.evaluate("document.activeElement.tagName") != "SELECT":
            page.keyboard.press("Control+A")
        page.keyboard.type(ROW[name])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    check_answer(page, exported.expected(ROW))
    page.keyboard.press("Shift+Tab")


def test_values_may_be_missing_and_those_that_do_not_fit_are_named(
    page: Page, exported: Exported
) -> None:
    page.get_by_role("button", name="Clear").click()
    check_answer(page, exported.expected(dict.fromkeys(COLUMNS)))

    page.get_by_label("price", exact=True).fill("much")
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("Expected a number, or written as #.###,# €; counts as not known.").wait_for()
    page.wait_for_function(
        "document.querySelector('#result').innerText.includes('1 value above is marked.')"
    )
    assert page.locator("[aria-invalid=true]").get_attribute("id") == "field-1"


def test_a_file_of_rows_becomes_the_table_of_mlfw_predict(
    page: Page, exported: Exported, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    rows = made_rows(700)
    for row in rows:
        del row["verdict"]
    rows[3]["price"] = "much"
    rows[5]["colour"] = "violet"
    rows[8]["code"] = "7"
    data = write_rows(tmp_path / "new.csv", rows)
    predicted = mlfw_here("predict", exported.run, data, "-o", tmp_path / "expected.csv")
    assert predicted.returncode == 0, predicted.stderr

    page.get_by_role("tab", name="A file of rows").click()
    page.get_by_label("Choose a CSV file").set_input_files(data)
    page.get_by_text("700 predictions for new.csv.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()

    assert download.value.suggested_filename == "new-predictions.csv"
    assert download.value.path().read_bytes() == (tmp_path / "expected.csv").read_bytes()
    warnings = page.locator("#table .warning").all_inner_texts()
    assert len(warnings) == 3
    for warning in warnings:
        assert warning in predicted.stderr
    assert page.locator("tbody tr").count() == 100


def test_a_file_that_cannot_be_predicted_is_refused_by_name(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="A file of rows").click()
    for content, said in (
        ("price;seen\n1;2\n", f"bad.csv: missing columns {HOSTILE}, fresh"),
        (",".join(COLUMNS) + "\n1,2\n", "bad.csv: line 2: expected 9 values, found 2."),
        (",".join(COLUMNS) + "\n", "bad.csv: the file holds no rows."),
    ):
        (tmp_path / "bad.csv").write_text(content)
        page.get_by_label("Choose a CSV file").set_input_files(tmp_path / "bad.csv")
        page.get_by_role("alert").get_by_text(said).wait_for()


def test_names_and_values_from_the_data_are_only_text(page: Page, exported: Exported) -> None:
    assert page.locator("img[onerror], .answers b").count() == 0
    assert page.get_by_text(HOSTILE).count() == 1
    assert set(shown(page)) == set(CLASSES)
    for file in ("predict.html", "site/index.html", "site/page.js", "site/predict.js"):
        assert HOSTILE not in (exported.folder / file).read_text()


def test_every_control_has_a_name_and_the_answer_is_announced(page: Page) -> None:
    seen = page.locator("body").aria_snapshot()
    for name in COLUMNS:
        assert page.get_by_label(name, exact=True).count() == 1
    for part in (
        '- heading "Predict verdict" [level=1]',
        '- tablist "What to predict"',
        '- tab "One row" [selected]',
        '- button "Predict"',
        '- heading "Prediction" [level=2]',
    ):
        assert part in seen
    assert page.locator("#result").get_attribute("aria-live") == "polite"
    assert page.locator("html").get_attribute("lang") == "en"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input,select,textarea,button')]"
        ".filter(each => !each.labels?.length && !each.textContent.trim()).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.emulate_media(color_scheme=scheme)
    page.get_by_label("remark").fill("spoilt " * 30)
    page.get_by_role("button", name="Predict").click()
    page.wait_for_function("scrollY > 0")  # the answer is brought into view

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('button,select,input,textarea')]"
        ".filter(each => each.offsetParent).map(each => each.offsetHeight))"
    )
    assert smallest >= 40
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(245, 246, 248)", "dark": "rgb(18, 21, 25)"}[scheme]


def test_any_static_host_can_serve_the_folder(browser: Browser, exported: Exported) -> None:
    with served(exported.folder / "site") as address, new_page(browser) as page:
        opened(page, f"{address}/index.html")

        assert "rows are predicted as by mlfw" in page.inner_text("#checked")


USE = """
async rows => {
  const { predict, predictRows, check, columns } = await import("./predict.js");
  const refused = await predict({ price: 1 }).catch(error => `${error.name}: ${error.message}`);
  return {
    one: await predict(rows[0]), many: await predictRows(rows), checked: await check(),
    names: columns.map(({ name }) => name), refused,
  };
}
"""


def test_the_module_predicts_within_another_site(
    browser: Browser, exported: Exported, tmp_path: Path
) -> None:
    site = exported.folder / "site"
    (site / "other.html").write_text('<!doctype html><link rel="icon" href="data:,">')
    rows: list[dict[str, Any]] = [{name: row[name] for name in COLUMNS} for row in made_rows(30)]
    rows[1] |= {HOSTILE: 40, "fresh": True, "price": None, "code": "violet", "__proto__": 1.5}
    with served(site) as address, new_page(browser) as page:
        page.goto(f"{address}/other.html")
        found = page.evaluate(f"text => ({USE})(JSON.parse(text))", json.dumps(rows))

    with pytest.warns(DataWarning, match="code"):
        expected = mlfw.load(exported.run).predict(rows).to_pylist()
    predictions = found["many"]["predictions"]
    assert found["one"] == {**predictions[0], "notes": []}
    assert [each["prediction"] for each in predictions] == [e["prediction"] for e in expected]
    for each, wanted in zip(predictions, expected, strict=True):
        for name in CLASSES:
            assert each["probabilities"][name] == pytest.approx(
                wanted[f"probability_{name}"], abs=1e-9
            )
    assert found["many"]["notes"] == [
        "column 'code': 1 of 30 values never occurred in training: 'violet' in row 2."
    ]
    assert found["checked"]["equal"]
    assert found["names"] == list(COLUMNS)
    assert found["refused"].startswith(f"PredictionError: missing columns {HOSTILE}, seen")
