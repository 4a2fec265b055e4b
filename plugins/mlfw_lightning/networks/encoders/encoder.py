"""The base of all encoders."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn


class Encoder(nn.Module):
    """Makes numbers of a column, or of all columns of a row.

    Attributes:
        width: How many numbers it makes of a row, or of each token of a row.
    """

    width: int

    def blocks(self) -> list[nn.Module]:
        """Return its parts from the input to the output: itself, unless it is deep."""
        return [self]


def blocks_of(encoders: Iterable[Encoder], shallow: Iterable[nn.Module]) -> list[nn.Module]:
    """Return the blocks of encoders that stand side by side, as one row of blocks.

    Args:
        encoders: Their last blocks become one block, so do those before them, and so on.
        shallow: What is only one layer deep: part of the last block.
    """
    deep = [encoder.blocks() for encoder in encoders]
    joined = [nn.ModuleList() for _ in range(max(map(len, deep), default=1))]
    joined[-1].extend(shallow)
    for blocks in deep:
        for together, block in zip(reversed(joined), reversed(blocks), strict=False):
            together.append(block)
    return list(joined)
