"""How the ranks of a training are started: by this process, or by an executor that can.

An executor that has the method `run_ranks` of `RankLauncher` starts the ranks of the trainer
`lightning`, on as many machines as the training has nodes; without one they are processes of this
machine. What a rank does is the same everywhere: `mlfw_lightning.train_rank`, given a job folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from mlfw import Imports
from mlfw_lightning.ranks.failure import RankFailure

Message = dict[str, Any]


@dataclass(frozen=True)
class RankGroup:
    """The ranks of one training.

    Attributes:
        devices: Ranks on each node, one a device.
        nodes: Number of nodes.
    """

    devices: int
    nodes: int = 1

    @property
    def world(self) -> int:
        """Number of ranks."""
        return self.devices * self.nodes

    def variables(self, rank: int) -> dict[str, str]:
        """Return the environment variables that tell a process which rank it is.

        They must be set before the process imports torch.

        Args:
            rank: Number of the rank, from 0; ranks of one node are numbered in a row.
        """
        node, local = divmod(rank, self.devices)
        told = {
            "RANK": rank,
            "LOCAL_RANK": local,
            "NODE_RANK": node,
            "WORLD_SIZE": self.world,
            "OMP_NUM_THREADS": max((os.cpu_count() or 1) // self.devices, 1),
        }
        return {name: str(value) for name, value in told.items()}


class Ranks(Protocol):
    """The running ranks of one training, as a launcher returns them."""

    def take_messages(self) -> list[Message]:
        """Return what rank 0 has told since the last call, without waiting; see `train_rank`."""
        ...

    def failures(self) -> list[RankFailure]:
        """Return how ranks have failed so far; empty while none has.

        A rank that has been silent for the timeout counts as frozen.
        """
        ...

    @property
    def ended(self) -> bool:
        """Whether all ranks have ended."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether some have ended because they were asked to, after saving."""
        ...

    def ask_to_stop(self) -> None:
        """Let all ranks save and end: what `train_rank` takes as `stopping` returns True."""
        ...

    def kill(self) -> None:
        """End what still runs, and release everything; it is always called at the end."""
        ...


@runtime_checkable
class RankLauncher(Protocol):
    """What an executor offers to train in ranks that it starts itself."""

    def run_ranks(self, job: Path, group: RankGroup, *, imports: Imports, timeout: float) -> Ranks:
        """Start the ranks of a training and return at once.

        Args:
            job: Folder of the job, on a disk that all nodes share: `job.json`, the rows as
                arrays where they are not in the run directory; rank 0 writes the weights there.
            group: How many ranks there are, and on how many nodes.
            imports: Packages from which the ranks may import code.
            timeout: Seconds of silence after which a rank counts as frozen.

        Raises:
            UserError: The cluster cannot hold the group.
        """
        ...
