"""An existing package that is importable, here and in child processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from existing_package import write_package


@pytest.fixture(scope="session")
def package_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the package `blobs`; one for all tests, as modules are kept."""
    return write_package(tmp_path_factory.mktemp("existing"))


@pytest.fixture
def blobs(package_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the package importable, and return its folder."""
    monkeypatch.syspath_prepend(package_folder)
    monkeypatch.setenv("PYTHONPATH", str(package_folder))
    return package_folder
