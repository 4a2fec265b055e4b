"""What the report says of the final fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlfw.components import Estimate
from mlfw.files import read_json
from mlfw.quantities import duration, memory_size
from mlfw.runs import RunDirectory

ON_CPU = "cpu"
VALIDATION_LOSS = re.compile(r"(^|[^a-z])val.*loss")


def training_section(run: RunDirectory) -> list[str]:
    """Return the report's section on the final fit, as lines of Markdown."""
    training = read_json(run.training_file)
    lines = [f"- {cost_compared(training)}"]
    if training["epochs"]:
        lines.append(f"- {_epochs(training['epochs'])}")
    lines += [f"- {note}" for note in training["notes"]]
    return ["## Training", "", *lines, ""]


def cost_compared(training: Mapping[str, Any]) -> str:
    """Return what a fit took beside what was expected: `took 12 s; expected 11 s: 8 % too low`.

    Args:
        training: The content of `training.json`.
    """
    took = f"took {duration(training['seconds'])}"
    if not training["estimate"]:
        return took
    estimate, ended = Estimate(**training["estimate"]), len(training["epochs"])
    for_epochs = f" for {ended} of {estimate.epochs} epochs" if 0 < ended < estimate.epochs else ""
    expected = f"{duration(training['estimated_seconds'])}{for_epochs}"
    compared = f"{took}; expected were {expected} from {estimate.basis}, {_off(training['error'])}"
    if estimate.memory is None or estimate.device != ON_CPU:
        return compared
    peak = training["peak_memory"]
    expected, off = memory_size(estimate.memory), _off(estimate.memory / peak - 1)
    return f"{compared}; {memory_size(peak)} of memory, expected were {expected}, {off}"


def _off(error: float) -> str:
    percent = round(abs(error) * 100)
    if not percent:
        return "as it was"
    return f"{percent} % too {'high' if error > 0 else 'low'}"


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
