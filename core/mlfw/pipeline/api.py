"""Finding a saved model by what users call it."""

from __future__ import annotations

import os
from pathlib import Path

from mlfw.components import Imports
from mlfw.errors import UserError
from mlfw.pipeline.manifest import MANIFEST
from mlfw.pipeline.saved_model import SavedModel, load_model
from mlfw.plugins import load_plugins
from mlfw.runs import Note, find_run, runs_folder, unnoted
from mlfw.runs.store import in_words


def load(path: str | Path, imports: Imports, *, native: bool = False) -> SavedModel:
    """Load the model of a run or the saved model in a folder; see `mlfw.load`."""
    folder = model_folder(str(path), runs_folder())
    return load_model(folder, load_plugins().registry, imports, native=native)


def model_folder(text: str, runs: Path, note: Note = unnoted) -> Path:
    """Return the saved model's folder that a path, a run's name or `latest` stands for.

    Args:
        text: The folder of a saved model, a run directory, a run's name, or `latest`.
        runs: The folder of runs.
        note: Receives a sentence for each folder that is passed over.

    Raises:
        UserError: There is none, or it has saved no model yet.
    """
    if os.path.isfile(Path(text, MANIFEST)):  # noqa: PTH113 - pathlib refuses too long a name
        return Path(text)
    run = find_run(text, runs, note)
    if not (run.model / MANIFEST).is_file():
        raise UserError(
            f"{text}: the run has saved no model; it {in_words(run)}.",
            "Type its command again, so that it ends; or name another: mlfw runs",
        )
    return run.model
