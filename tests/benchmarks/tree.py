"""How long `mlfw run model=tree` takes on the penguins, against a script written by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.processes import PYTHON, compare, report

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    """Measure and print."""
    config = ROOT / "examples/penguins/run.yaml"
    script = Path(__file__).parent / "tree_by_hand.py"
    with tempfile.TemporaryDirectory() as folder:
        ratios = compare(
            [PYTHON, "-m", "mlfw", "run", str(config), "model=tree"],
            [PYTHON, str(script), str(config.with_name("penguins.csv"))],
            Path(folder),
            7,
        )
    report("mlfw run model=tree / script by hand", ratios, "at most 1.5")
