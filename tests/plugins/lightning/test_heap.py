"""What a step frees is kept for the next one, and given back after the training."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from mlfw_lightning.loop.heap import SET_BY_USERS

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc"
)
STEPS = """
import resource
import numpy as np
from mlfw.memory import resident_memory
from mlfw_lightning.loop.heap import freed_memory_kept

def pages(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        activations = [np.ones(1_000_000, np.float32) for _ in range(20)]
        del activations
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages(3)
before = resident_memory()
with freed_memory_kept():
    pages(3)
    kept = pages(20)
print(kept, resident_memory() - before)
"""


def run(**environment: str) -> tuple[int, int]:
    """Return how many pages 20 steps needed anew, and by how many bytes the process grew."""
    own = {name: value for name, value in os.environ.items() if name not in SET_BY_USERS}
    out = subprocess.run(
        [sys.executable, "-c", STEPS],
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    pages, grown = out.split()
    return int(pages), int(grown)


def test_steps_need_hardly_any_memory_anew_and_nothing_is_kept_afterwards() -> None:
    pages, grown = run()
    without, _ = run(MALLOC_MMAP_THRESHOLD_="100000")  # what a user has set is left as it is

    assert pages * 10 < without
    assert grown < 20_000_000
