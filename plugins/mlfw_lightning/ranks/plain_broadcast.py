"""Lightning strategies whose processes exchange tensors and JSON, and never pickled objects."""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar

import torch
from pytorch_lightning.strategies import DDPStrategy, ParallelStrategy

from mlfw import UserError
from mlfw_lightning.loop.agree import collective_device

Value = TypeVar("Value")


class PlainBroadcast(ParallelStrategy):
    """Sends what Lightning and modules broadcast as JSON; Lightning's own way unpickles it.

    Whoever can reach a process that unpickles can run code in it.
    """

    def broadcast(self, obj: Value, src: int = 0) -> Value:
        """Return the first process's data in all processes, which all call this.

        Raises:
            UserError: They are no JSON data; paths are sent as texts.
        """
        if self.world_size == 1:
            return obj
        sends = self.global_rank == src
        content = _json(obj) if sends else b""
        length = torch.tensor(len(content), device=collective_device())
        torch.distributed.broadcast(length, src)
        data = torch.empty(int(length), dtype=torch.uint8, device=length.device)
        if sends:
            data.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        torch.distributed.broadcast(data, src)
        return obj if sends else json.loads(bytes(data.tolist()))


class Replicated(PlainBroadcast, DDPStrategy):
    """PyTorch's DDP: each process has the whole network, and all average their gradients."""


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, default=os.fspath).encode()
    except TypeError as error:
        raise UserError(
            f"trainer: a module broadcasts what is no JSON data to other processes: {error}.",
            "Let it broadcast numbers, texts, lists and dicts of them, or tensors by "
            "torch.distributed.broadcast.",
        ) from None
