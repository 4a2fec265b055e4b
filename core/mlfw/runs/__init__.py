"""Run directories: their layout, their locks, and the folder that holds them."""

from mlfw.runs.directory import RunDirectory
from mlfw.runs.lock import locked
from mlfw.runs.record import RunRecord
from mlfw.runs.store import LATEST, Note, find_run, list_runs, open_run, runs_folder, unnoted

__all__ = [
    "LATEST",
    "Note",
    "RunDirectory",
    "RunRecord",
    "find_run",
    "list_runs",
    "locked",
    "open_run",
    "runs_folder",
    "unnoted",
]
