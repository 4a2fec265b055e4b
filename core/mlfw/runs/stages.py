"""Which stages of a run have ended, with which inputs, and which files they made."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mlfw.files import read_json, write_json
from mlfw.runs.directory import RunDirectory

STAGES = ("prepare", "tune", "cross_validate", "fit", "evaluate", "deploy")


def is_finished(run: RunDirectory, stage: str, fingerprint: str) -> bool:
    """Tell whether a stage has ended with these very inputs, and all it made is still there."""
    try:
        note = read_json(_file(run, stage))
        same = bool(note["fingerprint"] == fingerprint)
        return same and all((run.path / name).exists() for name in note["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def mark_finished(
    run: RunDirectory, stage: str, fingerprint: str, seconds: float, made: Iterable[Path] = ()
) -> None:
    """Note that a stage has ended; to be called after all it made lies on the disk.

    Args:
        run: The run.
        stage: The stage.
        fingerprint: What it followed from.
        seconds: How long it took.
        made: Files and folders of the run directory that it made; those that are not there are
            left out.
    """
    note: dict[str, Any] = {
        "fingerprint": fingerprint,
        "seconds": seconds,
        "ended": time.time(),
        "files": [file.relative_to(run.path).as_posix() for file in _files(made)],
    }
    write_json(_file(run, stage), note)
    run.update(seconds={**run.record().seconds, stage: seconds})


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path


def _file(run: RunDirectory, stage: str) -> Path:
    return run.path / "stages" / f"{stage}.json"
