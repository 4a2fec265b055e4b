"""Keeping the memory that a step frees for the next step."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

# The numbers of glibc's parameters, see mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK, LARGEST_REST = 32 << 20, 256 << 20
SET_BY_USERS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory within the block, and give it back to the system after it.

    By default glibc takes blocks of 128 KiB and more, such as a layer's activations, from the
    system each time and gives them back each time, and the system clears each page of them: a
    tenth of the time of a small network of convolutions. What a user has set is left as it is, and
    other C libraries as they are.
    """
    library = ctypes.CDLL(None)
    known = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    if not known or any(name in os.environ for name in SET_BY_USERS):
        yield
        return
    library.mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)
    library.mallopt(M_TRIM_THRESHOLD, LARGEST_REST)
    try:
        yield
    finally:
        library.malloc_trim(0)
