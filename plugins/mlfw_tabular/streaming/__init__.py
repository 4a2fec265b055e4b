"""Dividing rows that are too many for memory."""

from mlfw_tabular.streaming.stream_splits import stream_splits

__all__ = ["stream_splits"]
