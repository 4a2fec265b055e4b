"""Prepared rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Features:
    """Prepared rows.

    Attributes:
        numbers: float64 or float32 [rows, numbers], scaled, nothing missing.
        codes: int32 [rows, categories], each below its column's cardinality; 0 is unknown.
        tokens: For networks, the words of each text column, int32 [rows, length]; 0 fills up what
            is short, 1 is an unknown word.
        images: For networks, the pixels of each image column, uint8 [rows, channels, height,
            width].
    """

    numbers: np.ndarray
    codes: np.ndarray
    tokens: dict[str, np.ndarray] = field(default_factory=dict)
    images: dict[str, np.ndarray] = field(default_factory=dict)
