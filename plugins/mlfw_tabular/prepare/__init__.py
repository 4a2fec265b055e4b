"""Preparing rows: encoders and the preprocessor that holds one a column."""

from mlfw_tabular.prepare.preprocessor import Features, Preprocessor

__all__ = ["Features", "Preprocessor"]
