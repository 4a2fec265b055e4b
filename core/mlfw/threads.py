"""How many threads a computation is worth, and how threads wait for one another."""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from pathlib import Path

# OpenMP threads sleep while they wait. By default they spin for milliseconds, and where other
# processes want the processor they spin instead of the thread that all of them wait for. A short
# spin stays: without it, threads are woken for every operation of a network, which takes longer.
PASSIVE = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "20000", "KMP_BLOCKTIME": "0"}
# Fewer values than this for each thread are computed before the threads have met.
VALUES_EACH = 100_000
LOAD = Path("/proc/loadavg")
GLANCES, GLANCE_SECONDS = 5, 0.002


def wait_passively(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let OpenMP threads sleep while they wait, unless the environment says how they wait.

    OpenMP libraries read the environment once, when they are loaded: call this before.

    Args:
        environment: The environment variables to change.
    """
    if environment.keys().isdisjoint(PASSIVE):
        environment.update(PASSIVE)


def worth_threads(values: int) -> int:
    """Return how many threads to compute with: as many as the values and the idle cores are worth.

    Args:
        values: How many values are worked on before threads have to wait for one another.
    """
    wanted = values // VALUES_EACH
    return min(wanted, usable_cores(), max(idle_cores(), 1)) if wanted > 1 else 1


def usable_cores() -> int:
    """Return how many cores this process may use, by its affinity and by `OMP_NUM_THREADS`."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return max(min(cores, int(asked)), 1) if asked.isdecimal() else cores


def idle_cores() -> int:
    """Return how many cores of the machine nobody uses but the calling thread."""
    return (os.cpu_count() or 1) - min(_others_running() for _ in range(GLANCES))


def _others_running() -> int:
    """Return how many other threads of the machine compute or want to, right now."""
    time.sleep(GLANCE_SECONDS)
    try:
        running = LOAD.read_text(encoding="ascii").split()[3].partition("/")[0]
        return max(int(running) - 1, 0)
    except (OSError, ValueError, IndexError):
        return 0
