"""How long `mlfw --help` and `mlfw plugins` take, against importing PyTorch Lightning."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.processes import PYTHON, compare, report


def main() -> None:
    """Measure and print."""
    other = [PYTHON, "-c", "import pytorch_lightning"]
    with tempfile.TemporaryDirectory() as folder:
        for command in ("--help", "plugins"):
            ratios = compare([PYTHON, "-m", "mlfw", command], other, Path(folder), 5)
            report(f"mlfw {command} / import pytorch_lightning", ratios, "under 0.1")
