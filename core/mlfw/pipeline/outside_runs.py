"""Keeping what people write out of the folders of runs, whose files belong together."""

from __future__ import annotations

import os
from pathlib import Path

from mlfw.errors import UserError
from mlfw.files import read_json
from mlfw.hints import printable, shell_word
from mlfw.pipeline.manifest import MANIFEST
from mlfw.runs import RunDirectory


def check_outside_runs(path: Path, option: str = "-o") -> None:
    """Check that a file or folder that is to be written is no part of a run or a saved model.

    A saved model with a file too many is refused when it is loaded, and prepared data or
    checkpoints with one are read wrongly. A run's own folder may be written to.

    Args:
        path: The file or folder; links are followed.
        option: The option that names it, or a key with an equals sign.

    Raises:
        UserError: It is.
    """
    whole = Path(os.path.realpath(path))
    name = option if option.endswith("=") else f"{option} "
    for folder in (whole, *whole.parents):
        what = "a saved model" if _is_saved_model(folder) else _part_of_run(folder)
        if what:
            other = folder.parent / (f"{folder.name}-2" if folder == whole else whole.name)
            raise UserError(
                f"{name}{printable(str(path))}: is inside {what}, "
                f"{printable(str(folder))}, which must stay as it is.",
                f"Write it elsewhere: {name}{shell_word(Path(os.path.relpath(other)))}",
            )


def _is_saved_model(folder: Path) -> bool:
    """Tell whether a folder is a saved model; other programs have a manifest.json too."""
    try:
        content = read_json(folder / MANIFEST)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"format", "model", "files"} <= content.keys()


def _part_of_run(folder: Path) -> str:
    """Return what a folder of a run holds, in words; empty for other folders."""
    run = RunDirectory(folder.parent)
    parts = {
        run.model: "the saved model of a run",
        run.data: "the prepared data of a run",
        run.checkpoints: "the checkpoints of a run",
        run.trials: "the trials of a run",
        run.folds: "the folds of a run",
    }
    there = folder in parts and run.record_file.is_file() and run.config_file.is_file()
    return parts[folder] if there else ""
