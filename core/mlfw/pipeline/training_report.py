"""What the report says of the final fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlfw.components import Estimate
from mlfw.files import read_json
from mlfw.pipeline.markdown import plain
from mlfw.quantities import duration, memory_size
from mlfw.runs import RunDirectory

ON_CPU = "cpu"
WORTH_TELLING = 5.0
VALIDATION_LOSS = re.compile(r"(^|[^a-z])val.*loss")


def training_section(run: RunDirectory) -> list[str]:
    """Return the report's section on the final fit, as lines of Markdown."""
    training = read_json(run.training_file)
    cost = cost_compared(training)
    lines = [f"- {plain(cost)}"] if cost else []
    if training["epochs"]:
        lines.append(f"- {plain(_epochs(training['epochs']))}")
    lines += [f"- {plain(note)}" for note in training["notes"]]
    return ["## Training", "", *lines, ""] if lines else []


def cost_compared(training: Mapping[str, Any]) -> str:
    """Return what a fit took beside its estimate; empty where it took too short to matter.

    For example: `Trained in 54 s (estimated 19 s), peak memory 272 MB`.

    Args:
        training: The content of `training.json`.
    """
    if training["seconds"] < WORTH_TELLING:
        return ""
    took = f"Trained in {duration(training['seconds'])}"
    if not training["estimate"] or "estimated_seconds" not in training:
        return took
    estimate, ended = Estimate(**training["estimate"]), len(training["epochs"])
    if 0 < ended < estimate.epochs:
        took += f" for {ended} of {estimate.epochs} epochs"
    compared = f"{took} (estimated {duration(training['estimated_seconds'])})"
    if estimate.memory is None or estimate.device != ON_CPU:
        return compared
    return f"{compared}, peak memory {memory_size(training['peak_memory'])}"


def _epochs(epochs: Sequence[Mapping[str, Any]]) -> str:
    """Return how many epochs there were, the last values, and the epoch of the lowest loss."""
    last = epochs[-1]["values"]
    known = [f"{name} {value:.4g}" for name, value in last.items() if value is not None]
    count = f"{len(epochs)} epoch{'s' if len(epochs) > 1 else ''}"
    text = f"{count}, the last with {', '.join(known)}" if known else count
    name = next((name for name in last if VALIDATION_LOSS.search(name)), None)
    measured = [each for each in epochs if each["values"].get(name) is not None]
    if name is None or not measured:
        return text
    best = min(measured, key=lambda each: each["values"][name])
    return f"{text}; lowest {name} {best['values'][name]:.4g} at epoch {best['epoch']}"
