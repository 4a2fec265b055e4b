"""Telling what Lightning and torch refuse as the user's mistakes, and keeping them quiet."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException

from mlfw import UserError

# What torch says where the memory of the machine itself is full.
ALLOCATOR = "DefaultCPUAllocator"
# Where the errors of torch.compile are defined.
COMPILERS = ("torch._dynamo", "torch._inductor")
# How Lightning refuses options of its trainer.
REFUSALS = (MisconfigurationException, ValueError, TypeError, ImportError)


@contextmanager
def mistakes_told(full: UserError) -> Iterator[None]:
    """Keep Lightning's advice off the terminal, and turn its refusals into the user's mistakes.

    Args:
        full: What to raise where memory is full.

    Raises:
        UserError: Lightning refuses something, or the memory of a device is full.
    """
    with quiet():
        try:
            yield
        except torch.OutOfMemoryError:
            raise full from None
        except RuntimeError as error:
            if ALLOCATOR in str(error):
                raise full from None
            if type(error).__module__.startswith(COMPILERS):
                raise not_compiled(error) from None
            raise
        except MisconfigurationException as error:
            raise refused(error) from None


def not_compiled(error: Exception) -> UserError:
    """Return the error of a network that torch.compile cannot make faster here."""
    reason = str(error).strip().splitlines()[0]
    return UserError(
        f"trainer.compile=true: the network cannot be compiled here: {reason}",
        "Set trainer.compile=false, or install a C++ compiler.",
    )


def refused(error: Exception) -> UserError:
    """Return what Lightning refuses as the user's mistake."""
    reason = " ".join(str(error).split())
    return UserError(f"trainer: {reason}", "See: mlfw show trainer lightning")


def batch_too_large(size: int) -> UserError:
    """Return the error of a training whose batches do not fit into memory.

    Args:
        size: How many rows a batch has, over all processes.
    """
    smaller = max(size // 2, 1)
    return UserError(
        f"trainer: out of memory with batches of {size} rows.",
        f"Set model.batch_size={smaller}; trainer.accumulate=2 makes the steps as large as they "
        "were, and trainer.find_batch_size=true finds the largest batch that fits.",
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's advice off the terminal; warnings go to the log like all others."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch")]
    before = [(logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pytorch_lightning|torch")
        try:
            yield
        finally:
            for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.handlers, logger.propagate = handlers, propagate
