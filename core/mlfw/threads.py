"""How many threads a computation is worth, and how threads wait for one another."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path

# OpenMP threads sleep while they wait. By default they spin for milliseconds, and where other
# processes want the processor they spin instead of the thread that all of them wait for. A short
# spin stays: without it, threads are woken for every operation of a network, which takes longer.
PASSIVE = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "20000", "KMP_BLOCKTIME": "0"}
# Libraries that compute in threads read how many to use from one of these when they are loaded.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)
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


def can_set_threads() -> bool:
    """Return whether `set_threads` changes libraries that are loaded already."""
    from importlib.util import find_spec

    return find_spec("threadpoolctl") is not None


def set_threads(threads: int) -> None:
    """Let libraries compute with so many threads: those loaded already, and those loaded later.

    Call it in the thread that computes.
    """
    os.environ.update(dict.fromkeys(VARIABLES, str(threads)))
    if can_set_threads():
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)
    arrow, torch = sys.modules.get("pyarrow"), sys.modules.get("torch")
    if arrow is not None:
        arrow.set_cpu_count(threads)
    if torch is not None:  # it holds a BLAS library of its own, which nothing else can set
        torch.set_num_threads(threads)


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
