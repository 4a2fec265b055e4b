"""In which arithmetic a network computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlfw_lightning.devices import devices_here

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

HALF: Final = "16-mixed"


def precision_of(options: LightningTrainer) -> dict[str, Any]:
    """Return `precision` or `plugins` as Lightning's trainer takes them.

    On a CPU Lightning takes bf16-mixed in the place of 16-mixed; PyTorch has that too, and the
    scaling of losses that goes with it (Micikevicius et al. 2018).
    """
    if options.precision != HALF or devices_here(options.accelerator)[0] != "cpu":
        return {"precision": options.precision}
    import torch
    from pytorch_lightning.plugins.precision import MixedPrecision

    return {"plugins": [MixedPrecision(HALF, "cpu", torch.amp.GradScaler("cpu"))]}
