"""How much memory work takes, on the CPU or on a CUDA device, and how much is free for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import torch

from mlfw import UserError
from mlfw.memory import STATM, resident_memory

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
SECONDS_BETWEEN_LOOKS = 0.0005


class Gauge(Protocol):
    """Tells what work takes of a device's memory.

    Attributes:
        free: Bytes that there were for the work when the gauge was made.
    """

    free: int

    def peak(self, work: Callable[[], None]) -> int:
        """Do some work and return the most bytes taken meanwhile, beyond those at the start."""


def gauge_of(device: torch.device) -> Gauge:
    """Return the gauge of a device: its base is what is taken now.

    Raises:
        UserError: Memory cannot be measured here.
    """
    if device.type == "cuda":
        return CudaGauge(device)
    if device.type == "cpu" and STATM.exists():
        return ProcessGauge()
    raise UserError(
        f"trainer.find_batch_size: the memory of {device.type} cannot be measured on this system.",
        "Set model.batch_size.",
    )


class ProcessGauge:
    """Looks at this process's memory again and again while it works, on Linux."""

    def __init__(self) -> None:
        self._base = resident_memory()
        self.free = free_memory()

    def peak(self, work: Callable[[], None]) -> int:
        """See `Gauge`."""
        done, seen = Event(), [resident_memory()]

        def look() -> None:
            while not done.wait(SECONDS_BETWEEN_LOOKS):
                seen[0] = max(seen[0], resident_memory())

        watcher = Thread(target=look, daemon=True)
        watcher.start()
        try:
            work()
        finally:
            done.set()
            watcher.join()
        return max(seen[0], resident_memory()) - self._base


class CudaGauge:
    """Asks PyTorch's allocator."""

    def __init__(self, device: torch.device) -> None:
        torch.cuda.empty_cache()
        self._device = device
        self._base = torch.cuda.memory_allocated(device)
        unused = torch.cuda.memory_reserved(device) - self._base
        self.free = torch.cuda.mem_get_info(device)[0] + unused

    def peak(self, work: Callable[[], None]) -> int:
        """See `Gauge`."""
        torch.cuda.reset_peak_memory_stats(self._device)
        work()
        torch.cuda.synchronize(self._device)
        return torch.cuda.max_memory_allocated(self._device) - self._base


def free_memory() -> int:
    """Return the bytes that this process may still take of the machine, or of its container."""
    fields = dict(line.split(":") for line in MEMINFO.read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        taken = int((CGROUP / "memory.current").read_text())
        stat = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
    except OSError:
        return available
    if not limit.isdigit():
        return available
    # The kernel gives up pages of files that were not used lately before it ends a process.
    return min(available, int(limit) - taken + int(stat.get("inactive_file", 0)))
