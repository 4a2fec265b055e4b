"""Where ranks find each other: on one machine at a file, and by its loopback interface.

A store that listens on a TCP port, as PyTorch uses by default, can be reached from other machines,
and whoever reaches it takes part in the training. A file in a private folder opens no port.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import Rank
from mlfw_lightning.devices import devices_here

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

# Starting and loading libraries may take so long that a shorter wait would end good trainings;
# a process that is frozen is noticed in `trainer.timeout` by its silence.
SHORTEST_COLLECTIVE = 60.0


@contextmanager
def file_store() -> Iterator[str]:
    """Yield the URL of a file that only this user reaches, for the block."""
    with tempfile.TemporaryDirectory(prefix="mlfw-ranks-") as folder:
        yield (Path(folder) / "store").as_uri()


def loopback_variables() -> dict[str, str]:
    """Return the environment in which gloo and NCCL use the loopback interface alone."""
    name = "lo0" if sys.platform == "darwin" else "lo"
    return {"GLOO_SOCKET_IFNAME": name, "NCCL_SOCKET_IFNAME": name}


def collective_timeout(options: LightningTrainer) -> timedelta:
    """Return how long processes wait for one another."""
    return timedelta(seconds=max(options.timeout, SHORTEST_COLLECTIVE))


@contextmanager
def process_group(options: LightningTrainer, rank: Rank) -> Iterator[None]:
    """Initialise the process group for the block; Lightning uses it as it is.

    Args:
        options: The trainer's configuration.
        rank: Which process this is, and where all meet.
    """
    from torch import distributed

    on_cpus = devices_here(options.accelerator)[0] == "cpu"
    distributed.init_process_group(
        "gloo" if on_cpus else None,
        init_method=rank.meeting,
        rank=rank.rank,
        world_size=rank.world,
        timeout=collective_timeout(options),
    )
    try:
        yield
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
