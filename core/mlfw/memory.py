"""How much memory this process takes, and giving it back."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")
M_MMAP_THRESHOLD, LARGE_BLOCK = -3, 1 << 20  # glibc's parameter, see mallopt(3), and its value
SET_BY_USERS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def peak_memory() -> int:
    """Return the most bytes of memory that this process has taken at a time."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def resident_memory() -> int:
    """Return the bytes of memory that this process takes now; its peak where none tells."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak_memory()


def return_large_blocks() -> None:
    """Let large blocks of memory go back to the system as soon as they are freed.

    By default glibc keeps blocks of up to 32 MiB after the first one of their size was freed. What
    a user has set is left as it is, and other C libraries as they are.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and not any(name in os.environ for name in SET_BY_USERS):
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def release_freed_memory() -> None:
    """Give freed memory back to the system, small blocks too, where the C library is glibc."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
