"""The model `pretrained`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import UserError, limits, search
from mlfw_lightning import InputShape, Network

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from mlfw_tabular import Fitting


class Pooling(StrEnum):
    """What of an encoder's output stands for a text or an image."""

    mean = "mean"
    first = "first"


@dataclass(kw_only=True)
class Pretrained(Network):
    """An encoder of texts or images that others have trained, learnt further with a new head.

    It is one of the `transformers` library, read from the Hugging Face Hub, a folder or an
    installed package; each text or image column has its own copy, beside all other columns.
    Texts are cut by the encoder's own tokenizer, images resized by its own image processor (of
    those that need no torchvision). Only weights in safetensors are read, and no code that comes
    with them is ever run. What is saved is complete: loading it needs no network.

    Attributes:
        name: The encoder's name on the Hub, such as sentence-transformers/all-MiniLM-L6-v2. What
            was loaded before is used again; what it needs to be let in is taken from HF_TOKEN.
        revision: Which version: a branch, tag or commit of the Hub. A commit stays the same.
        path: A folder that `save_pretrained` has written, in place of a name.
        package: An installed package that holds such a folder, in place of a name.
        pooling: What stands for a text or an image: mean (of its tokens' or patches' outputs) or
            first (the output of the first one, as in Devlin et al. 2019). Convolutions always
            take their mean.
        width: Units of each layer between encoder and head.
        depth: How many such layers.
        dropout: Share of the units left out in each training step before and between them.
    """

    packages: ClassVar[tuple[str, ...]] = (*Network.packages, "transformers", "tokenizers")
    extra: ClassVar[str] = "transformers"

    name: str = ""
    revision: str | None = None
    path: str = field(default="", metadata=mlfw.path_field())
    package: str = ""
    pooling: Pooling = Pooling.mean
    width: int = field(default=128, metadata=limits(minimum=1))
    depth: int = field(default=0, metadata=limits(minimum=0))
    dropout: float = field(default=0.1, metadata=limits(minimum=0, below=1))
    learning_rate: float = field(
        default=5e-5, metadata=limits(above=0) | search(1e-5, 1e-3, log=True)
    )
    batch_size: int | None = field(default=16, metadata=limits(minimum=1))

    def check(self) -> None:
        """Check that the encoder is named in one way."""
        super().check()
        ways = {
            "model.name": self.name,
            "model.path": self.path,
            "model.package": self.package,
            "model.init_from": self.init_from,
        }
        given = [key for key, value in ways.items() if value]
        if len(given) != 1:
            found = f"found {', '.join(given)}" if given else "none is set"
            raise UserError(
                f"{', '.join(ways)}: expected one of them, {found}.",
                "For example: model.name=sentence-transformers/all-MiniLM-L6-v2",
            )
        if self.revision and not self.name:
            raise UserError("model.revision: belongs to an encoder of the Hub.", "Leave it out.")

    def fingerprint(self) -> str:
        """Return a checksum of the files to start from."""
        if self.init_from:
            return super().fingerprint()
        from mlfw_transformers.source import fingerprint

        return fingerprint(self._folder())

    def _folder(self) -> Path:
        from mlfw_transformers.source import find_folder

        return find_folder(self.name, self.revision, self.path, self.package)

    def fitting(self) -> Fitting:
        """Return how columns are prepared: as the encoder wants its texts or images."""
        if self.init_from:
            return super().fitting()
        from mlfw_transformers.fitting import fitting_for

        return fitting_for(self._folder())

    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh network; what shapes its encoders is data in the shape."""
        from mlfw_transformers.network import fused

        return fused(
            shape, self.pooling.value, width=self.width, depth=self.depth, dropout=self.dropout
        )

    def start(self, network: nn.Module) -> list[str]:
        """Give the encoders the weights that others have trained, or those of another run."""
        if self.init_from:
            return super().start(network)
        from mlfw_transformers.weights import load_encoders

        load_encoders(network, self._folder())
        return []
