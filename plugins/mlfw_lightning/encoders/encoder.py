"""The base of all encoders."""

from __future__ import annotations

from torch import nn


class Encoder(nn.Module):
    """Makes numbers of a column, or of all columns of a row.

    Attributes:
        width: How many numbers it makes of a row.
    """

    width: int

    def blocks(self) -> list[nn.Module]:
        """Return its parts from the input to the output: itself, unless it is deep."""
        return [self]
