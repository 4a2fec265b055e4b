"""Timing whole commands against each other, in turn, so that a drift of the machine hits both."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def seconds(command: Sequence[str], folder: Path) -> float:
    """Return how long a command takes; it must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def compare(ours: Sequence[str], other: Sequence[str], folder: Path, repeats: int) -> list[float]:
    """Return the ratio of two commands' times, once a repeat, after one run each to warm up."""
    seconds(ours, folder), seconds(other, folder)
    return [seconds(ours, folder) / seconds(other, folder) for _ in range(repeats)]


def report(name: str, ratios: Sequence[float], target: str) -> None:
    """Print the median ratio with its range."""
    print(
        f"{name}: {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} pairs; aim: {target})",
        flush=True,
    )


PYTHON = sys.executable
