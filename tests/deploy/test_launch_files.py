"""The launch files for schedulers, as far as a machine without them can check them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT

DEPLOY = ROOT / "deploy"
SHELL_FILES = sorted([*DEPLOY.rglob("*.sh"), *DEPLOY.rglob("*.sbatch")])


@pytest.mark.parametrize("file", SHELL_FILES, ids=lambda file: file.name)
def test_shell_files_parse_and_can_be_run(file: Path) -> None:
    subprocess.run(["bash", "-n", file], check=True)
    assert os.access(file, os.X_OK)
