"""Leaving signals to those who have asked for them."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.trainer.connectors.signal_connector import _SignalConnector


class _NoSignals(_SignalConnector):
    """Takes no signals over: Lightning's own handler talks to other processes within itself."""

    def register_signal_handlers(self) -> None:
        """Leave all handlers as they are."""

    def teardown(self) -> None:
        """Leave all handlers as they are."""


def leave_signals(trainer: pl.Trainer) -> None:
    """Let a Lightning trainer leave all signal handlers as they are."""
    trainer._signal_connector = _NoSignals(trainer)
