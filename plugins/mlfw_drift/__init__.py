"""The command `mlfw drift`: which columns of later rows differ from those trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw import Command, hookimpl
from mlfw_drift.command import Drift

if TYPE_CHECKING:
    from mlfw_drift.compare import compare
    from mlfw_drift.report import ColumnDrift, DriftReport

__all__ = ["ColumnDrift", "Drift", "DriftReport", "compare"]


@hookimpl
def mlfw_commands() -> dict[str, type[Command]]:
    """Register the command."""
    return {"drift": Drift}


def __getattr__(name: str) -> Any:
    if name == "compare":
        from mlfw_drift.compare import compare

        return compare
    if name in ("ColumnDrift", "DriftReport"):
        from mlfw_drift import report

        return getattr(report, name)
    raise AttributeError(f"module 'mlfw_drift' has no attribute '{name}'")
