"""The example of digits: what is learnt of 0 to 4 helps to learn 5 to 9 from few images."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mlfw
from conftest import ROOT

EXAMPLE = ROOT / "examples/digits_transfer"


@pytest.mark.slow
def test_starting_from_other_digits_beats_starting_anew_with_five_images_a_digit(
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "digits"))
    subprocess.run([sys.executable, folder / "make_images.py"], check=True)
    runs = f"run.folder={tmp_path}/runs"

    mlfw.run(folder / "source.yaml", [runs])
    for seed in (0, 1):
        scratch, transfer = (
            mlfw.run(folder / f"{name}.yaml", [runs, f"seed={seed}"]).metrics["test"]["accuracy"]
            for name in ("scratch", "transfer")
        )
        assert transfer > scratch + 0.1
