"""A plan, as a table."""

from __future__ import annotations

from mlfw.cli.table import print_table
from mlfw.errors import listing
from mlfw.pipeline.plan import Plan
from mlfw.quantities import duration, memory_size

UNKNOWN = "unknown"


def print_plan(plan: Plan) -> None:
    """Print what a run would do and cost, stage by stage, and altogether."""
    rows = [
        [
            stage.name,
            stage.what,
            _time(stage.seconds, at_most=stage.at_most),
            _memory(stage.memory),
            stage.basis,
        ]
        for stage in plan.stages
    ]
    altogether = plan.seconds if plan.seconds or not plan.unknown else None
    total = ["total", "", _time(altogether, at_most=plan.at_most), _memory(plan.memory), ""]
    if plan.unknown:
        total[-1] = f"without {listing(plan.unknown)}"
    print_table(["stage", "what", "time", "memory", "from"], [*rows, total])
    print()
    if plan.device:
        print(f"device    {plan.device}")
    print("Nothing was trained and no run was made. To run it, type the same without --plan.")


def _time(seconds: float | None, *, at_most: bool) -> str:
    if seconds is None:
        return UNKNOWN
    return f"at most {duration(seconds)}" if at_most else duration(seconds)


def _memory(count: int | None) -> str:
    return "" if count is None else memory_size(count)
