"""What there is to compute on."""

from __future__ import annotations

import os

# Each holds PyTorch and its share of the rows; far more than cores only take the memory.
PROCESSES_A_CORE = 4


def devices_here(accelerator: str) -> tuple[str, int | None]:
    """Return the kind of device that is used, and how many there are; None if unknown.

    Args:
        accelerator: As `trainer.accelerator`; with `auto` the fastest kind there is.
    """
    import torch

    gpus, mps = torch.cuda.device_count(), int(torch.backends.mps.is_available())
    if accelerator == "auto":
        accelerator = "gpu" if gpus else "mps" if mps else "cpu"
    there = {"gpu": gpus, "cuda": gpus, "mps": mps, "cpu": PROCESSES_A_CORE * (os.cpu_count() or 1)}
    return accelerator, there.get(accelerator)
