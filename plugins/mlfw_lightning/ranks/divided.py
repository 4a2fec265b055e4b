"""What strategies have in common that divide a training over processes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from mlfw_lightning.ranks.plain_broadcast import PlainBroadcast


class Divided(PlainBroadcast):
    """Divides weights or optimisers, and can be given whole states.

    Lightning's own read divided states from folders that they have written themselves.
    """

    @abstractmethod
    def load_whole(self, weights: Mapping[str, Tensor], optimizers: Sequence[Any]) -> None:
        """Give the network and its optimisers their states; all processes call this.

        Args:
            weights: The module's state by name.
            optimizers: What `optimizer_state` has returned on the first process, for each one.
        """

    def load_checkpoint(
        self, checkpoint_path: Any, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Load what the checkpoint's reader returns, which need be no file of Lightning's."""
        state: dict[str, Any] = self.checkpoint_io.load_checkpoint(
            checkpoint_path, weights_only=weights_only
        )
        self.load_whole(state["state_dict"], state["optimizer_states"])
        return state
