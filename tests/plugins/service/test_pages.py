"""The service's pages and documents, asked for as people and programs do."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mlfw
from browser import new_page, opened_browser
from conftest import environment
from mlfw_service.routes.pages import DOCS
from model_server import ModelServer, start_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("service-pages")


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """`mlfw serve`, with a model of every kind of column."""
    folder = tmp_path_factory.mktemp("serve")
    command = [sys.executable, "-m", "mlfw", "serve", model]
    server = start_server(command, folder, environment())
    yield server
    server.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all pages."""
    with opened_browser() as opened:
        yield opened


def test_the_form_answers_what_the_service_answers(
    served: ModelServer, browser: Browser, model: Path
) -> None:
    with new_page(browser) as page:
        page.goto(f"http://127.0.0.1:{served.port}/")
        page.wait_for_selector("body[data-state=checked]")
        for label in page.locator("#fields label").all_inner_texts():
            assert page.get_by_label(label, exact=True).count() == 1
        page.get_by_label("class", exact=True).fill("50")
        page.get_by_label("colour", exact=True).select_option(label="red")
        page.get_by_label("fresh", exact=True).select_option(label="yes")
        page.get_by_label("Culmen Length (mm)", exact=True).fill("75")
        page.get_by_label("model_config", exact=True).fill("not a date")
        page.get_by_role("button", name="Predict", exact=True).click()
        page.wait_for_selector("#fields:has-text('counts as not known')")
        page.wait_for_selector(".answer:has-text('large')")
        shown = page.locator(".bar .share").all_inner_texts()

        page.set_viewport_size({"width": 360, "height": 800})
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
    assert len(shown) == 2


def test_the_form_predicts_a_file(
    served: ModelServer, browser: Browser, model: Path, tmp_path: Path
) -> None:
    names = mlfw.Schema.load(model / "schema.json").names
    rows = [",".join(names)] + [f"{i * 1.5},{i},red,1,yes,2024-01-09,note {i}" for i in range(300)]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    with new_page(browser) as page:
        page.goto(f"http://127.0.0.1:{served.port}/")
        page.get_by_role("tab", name="A file of rows").click()
        page.set_input_files("#file", tmp_path / "rows.csv")
        page.wait_for_selector("text=300 predictions for rows.csv")
        first = page.locator("tbody tr").first.locator("td").all_inner_texts()
    assert first[0] == "small"


def test_the_page_of_the_api_shows_every_path(served: ModelServer, browser: Browser) -> None:
    with new_page(browser) as page:
        page.goto(f"http://127.0.0.1:{served.port}/docs")
        page.wait_for_function("document.querySelectorAll('.opblock-summary-path').length > 3")
        shown = page.locator(".opblock-summary-path").all_inner_texts()
        badges = page.locator(".info .title small:visible").count()
    paths = {text.replace("\u200b", "") for text in shown}
    assert {"/predict", "/predict/batch", "/schema", "/model"} <= paths
    assert badges == 0


def test_pages_load_nothing_from_elsewhere(served: ModelServer) -> None:
    for path in ("/", "/docs"):
        page = served.call("GET", path)
        sources = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
        assert page.status == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for source in sources:
            assert source == "data:," or served.call("GET", f"/{source}").status == 200
        assert b"http:" not in page.body
        assert b"https:" not in page.body
    assert "docs/start.js" in DOCS


def test_the_card_is_there_to_read(served: ModelServer, model: Path) -> None:
    card = json.loads((model / "card.json").read_text())
    found = served.call("GET", "/model").json
    assert {key: found[key] for key in card} == card


def test_the_document_has_a_real_row_as_example(served: ModelServer) -> None:
    document = served.call("GET", "/openapi.json").json
    assert document == served.call("GET", "/docs.json").json
    columns = document["components"]["schemas"]["Row"]["properties"]
    answer = served.predict({name: column["example"] for name, column in columns.items()})
    assert answer.status == 200
    assert set(answer.json) == set(document["components"]["schemas"]["Prediction"]["required"])


@pytest.mark.parametrize(("method", "path"), [("POST", "/schema"), ("GET", "/predict/batch")])
def test_other_methods_are_refused(served: ModelServer, method: str, path: str) -> None:
    answer = served.call(method, path)
    assert answer.status == 405
    assert answer.headers["allow"]
