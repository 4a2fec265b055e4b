"""What a step learns from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import NamedTuple

from torch import Tensor

from mlfw_tabular import CODES, IMAGES, NUMBERS, TARGET, TOKENS


class Inputs(NamedTuple):
    """What a network is called with.

    Attributes:
        numbers: float32 [rows, numbers], scaled, nothing missing.
        codes: int32 [rows, categories]; 0 is unknown.
        texts: For each text the numbers of its words, int32 [rows, length]; 0 is padding.
        images: For each image its pixels, uint8 [rows, channels, height, width].
    """

    numbers: Tensor
    codes: Tensor
    texts: tuple[Tensor, ...] = ()
    images: tuple[Tensor, ...] = ()

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Inputs:
        """Return named arrays as inputs."""
        return cls(
            tensors[NUMBERS],
            tensors[CODES],
            tuple(tensor for name, tensor in tensors.items() if name.startswith(TOKENS)),
            tuple(tensor for name, tensor in tensors.items() if name.startswith(IMAGES)),
        )

    def rows(self, some: slice) -> Inputs:
        """Return some of the rows."""
        return Inputs(
            self.numbers[some],
            self.codes[some],
            tuple(text[some] for text in self.texts),
            tuple(image[some] for image in self.images),
        )


class Batch(NamedTuple):
    """The rows that one process sees of a batch.

    Attributes:
        inputs: What the network is called with.
        targets: One tensor a head; see `mlfw_lightning.heads.Head.loss_sum`.
        whole: How many rows the whole batch has, over all processes.
    """

    inputs: Inputs
    targets: tuple[Tensor, ...]
    whole: int

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], rows: int) -> Batch:
        """Return named arrays as a batch."""
        targets = []
        for index in count():
            target = tensors.get(f"{TARGET}/{index}")
            if target is None:
                break
            targets.append(target)
        return cls(Inputs.of(tensors), tuple(targets), rows)
