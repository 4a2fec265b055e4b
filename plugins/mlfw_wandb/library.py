"""Loading wandb so that it keeps to the run directory and off the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wandb import Settings

CACHE = "WANDB_CACHE_DIR"

# wandb may not print, copy code, or note down the command line, which may hold secrets, the
# repository and the installed packages, which the run directory tells already. What it keeps is
# written every second, for a run that is killed, and without links, which a copy would break.
PRIVATE: dict[str, Any] = {
    "silent": True,
    "console": "off",
    "save_code": False,
    "disable_code": True,
    "disable_git": True,
    "x_disable_meta": True,
    "x_save_requirements": False,
    "symlink": False,
    "x_transaction_log_flush_interval": 1.0,
    "allow_val_change": True,
}


def load_wandb(folder: Path) -> Settings:
    """Import wandb, start its service, and return the settings that the user's machine gives.

    Args:
        folder: The run directory.
    """
    # Reports on wandb itself: where nobody answers they hold up the end of the process for 20 s.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    with _cache_in(folder / "wandb" / "cache"):
        import wandb

        return wandb.setup(wandb.Settings(silent=True)).settings


def stop_wandb() -> None:
    """End the service, whatever state it is in."""
    import wandb

    # It exits the process where the service did not end well.
    with suppress(Exception, SystemExit):
        wandb.teardown()


@contextmanager
def stopping_on_error() -> Iterator[None]:
    """End the service where the block fails, or a traceback ends the process's output."""
    try:
        yield
    except Exception:
        stop_wandb()
        raise


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Let a service that is started in the block keep its own files in a folder."""
    before = os.environ.get(CACHE)
    os.environ[CACHE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CACHE]
        else:
            os.environ[CACHE] = before
