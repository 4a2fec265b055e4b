"""A headless Chromium for tests of web pages."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOCAL = ("file:", "blob:", "data:", "http://127.0.0.1:")
NEEDED = "MLFW_NEED_BROWSER"  # set where a test may not be left out for want of a browser


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Yield an installed Chromium or Chrome, or the one that playwright has installed.

    Without one the test is skipped, or fails where `MLFW_NEED_BROWSER` is set.
    """
    from playwright.sync_api import Error, sync_playwright

    installed = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=installed, args=["--no-sandbox", "--disable-gpu"]
            )
        except Error as error:
            reason = f"no browser: install chromium, or type: playwright install chromium ({error})"
            if os.environ.get(NEEDED):
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser
        browser.close()


@contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """Yield a page; its errors, dialogs and requests to other places fail the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.set_default_timeout(120_000)  # milliseconds, for busy machines
    page = context.new_page()
    odd: list[str] = []
    page.on("pageerror", lambda error: odd.append(f"error: {error}"))
    page.on("dialog", lambda dialog: odd.append(f"dialog: {dialog.message}"))
    page.on("console", lambda said: odd.extend(_complaint(said.type, said.text)))
    page.on("request", lambda sent: odd.extend(_elsewhere(sent.url)))
    yield page
    context.close()
    assert odd == []


def _complaint(kind: str, text: str) -> list[str]:
    return [f"console: {text}"] if kind in ("error", "warning") else []


def _elsewhere(address: str) -> list[str]:
    return [] if address.startswith(LOCAL) else [f"request: {address}"]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine as any static host would, and yield its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
