"""Run directories: their layout, their locks, and the folder that holds them."""

from mlfw.runs.directory import RunDirectory, RunRecord
from mlfw.runs.lock import locked
from mlfw.runs.store import find_run, list_runs, open_run, runs_folder

__all__ = [
    "RunDirectory",
    "RunRecord",
    "find_run",
    "list_runs",
    "locked",
    "open_run",
    "runs_folder",
]
