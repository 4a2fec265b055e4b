"""How much memory there is, and giving back what is not needed any more."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def memory_bytes() -> int:
    """Return the memory of this machine, or of the container that this process runs in."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = CGROUP_LIMIT.read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def give_back() -> None:
    """Give the system the memory that Arrow has freed but keeps for later.

    Arrow keeps as much as it once needed, which stages that come after it do without.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
