"""Preparing rows: what is learnt of each column, and the numbers that follow."""

from mlfw_tabular.prepare.augment import Augmentation, augment
from mlfw_tabular.prepare.features import Features
from mlfw_tabular.prepare.options import OPTIONS, prepare_options
from mlfw_tabular.prepare.preprocessor import Preprocessor

__all__ = ["OPTIONS", "Augmentation", "Features", "Preprocessor", "augment", "prepare_options"]
