"""The words by which data say where a row belongs."""

from __future__ import annotations

from mlfw_tabular.splitting.request import TEST, TRAIN, VALIDATION

WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
}
