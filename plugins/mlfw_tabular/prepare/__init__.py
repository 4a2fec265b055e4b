"""Preparing rows: what is learnt of each column, and the numbers that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw

if TYPE_CHECKING:
    from mlfw_tabular.prepare.augment import Augmentation
    from mlfw_tabular.prepare.features import Features
    from mlfw_tabular.prepare.options import OPTIONS, prepare_options
    from mlfw_tabular.prepare.preprocessor import Preprocessor

# Rows that are predicted need the preprocessor, and none of what it is fitted with.
__getattr__ = mlfw.lazy_names(
    __name__,
    {
        "augment": ["Augmentation"],
        "features": ["Features"],
        "options": ["OPTIONS", "prepare_options"],
        "preprocessor": ["Preprocessor"],
    },
)
__all__ = ["OPTIONS", "Augmentation", "Features", "Preprocessor", "prepare_options"]
