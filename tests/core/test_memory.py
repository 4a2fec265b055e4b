"""Memory that was freed goes back to the system where that is asked for."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from mlfw.memory import SET_BY_USERS

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc"
)
FREE_BLOCKS = """
import sys
import numpy as np
from mlfw.memory import resident_memory, return_large_blocks

if sys.argv[1:] == ["returned"]:
    return_large_blocks()
np.ones(1 << 20)  # 8 MiB, which glibc keeps from now on
before = resident_memory()
blocks = [np.ones(1 << 19) for _ in range(30)]
del blocks[:-1]
print(resident_memory() - before)
"""
RELEASE = """
from mlfw.memory import release_freed_memory, resident_memory

before = resident_memory()
blocks = [bytes([1]) * 20_000 for _ in range(5_000)]
del blocks[:-1]
kept = resident_memory() - before
release_freed_memory()
print(kept, resident_memory() - before)
"""


def run(code: str, *arguments: str, **environment: str) -> list[int]:
    own = {name: value for name, value in os.environ.items() if name not in SET_BY_USERS}
    out = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    return [int(number) for number in out.split()]


def test_large_blocks_go_back_when_they_are_freed() -> None:
    (kept,) = run(FREE_BLOCKS)
    (returned,) = run(FREE_BLOCKS, "returned")

    assert kept > 100_000_000
    assert returned < 20_000_000


def test_what_a_user_has_set_is_left_as_it_is() -> None:
    (kept,) = run(FREE_BLOCKS, "returned", MALLOC_MMAP_THRESHOLD_=str(32 << 20))

    assert kept > 100_000_000


def test_small_blocks_that_were_freed_are_released() -> None:
    kept, released = run(RELEASE)

    assert kept > 80_000_000
    assert released < 20_000_000
