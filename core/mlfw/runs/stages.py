"""Which stages of a run have ended, and with which inputs."""

from __future__ import annotations

import time
from typing import Any

from mlfw.files import read_json, write_json
from mlfw.runs.directory import RunDirectory

STAGES = ("prepare", "tune", "cross_validate", "fit", "evaluate", "deploy")


def is_finished(run: RunDirectory, stage: str, fingerprint: str) -> bool:
    """Tell whether a stage has ended with these very inputs."""
    try:
        return bool(read_json(_file(run, stage))["fingerprint"] == fingerprint)
    except (OSError, ValueError, KeyError):
        return False


def mark_finished(run: RunDirectory, stage: str, fingerprint: str, seconds: float) -> None:
    """Note that a stage has ended; to be called after all it made lies on the disk."""
    note: dict[str, Any] = {"fingerprint": fingerprint, "seconds": seconds, "ended": time.time()}
    write_json(_file(run, stage), note)
    run.update(seconds={**run.record().seconds, stage: seconds})


def _file(run: RunDirectory, stage: str) -> Any:
    return run.path / "stages" / f"{stage}.json"
