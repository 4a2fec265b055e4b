"""How fast the network of convolutions trains, against a plain PyTorch loop.

The set-up: scikit-learn's digits enlarged to 32 x 32 pixels, in memory, batches of 64, AdamW. Rows
per second of whole epochs, each side in a process of its own; the two take turns, so that a drift
of the machine hits both.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.processes import report

REPEATS = 7
SCRIPT = Path(__file__).with_name("cnn_epochs.py")


def seconds(side: str) -> float:
    """Return how long one side's epochs take."""
    command = [sys.executable, str(SCRIPT), side]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Measure and print."""
    ratios = [seconds("plain") / seconds("mlfw") for _ in range(REPEATS)]
    report("cnn, rows/s of mlfw / plain loop", ratios, "at least 0.95")
