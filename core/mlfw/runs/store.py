"""The folder of runs: making, finding and listing them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlfw.errors import UserError, did_you_mean
from mlfw.files import TEMPORARY_PREFIX
from mlfw.runs.directory import FINISHED, RunDirectory, config_digest
from mlfw.runs.lock import LOCK, is_locked

FOLDER_VARIABLE = "MLFW_RUNS"
LATEST = "latest"


def runs_folder(given: str | None = None) -> Path:
    """Return the folder of runs: the one given, `MLFW_RUNS`, or `runs`."""
    return Path(given or os.environ.get(FOLDER_VARIABLE) or "runs")


def list_runs(folder: Path) -> list[RunDirectory]:
    """Return the runs in a folder, newest first; what is no run or damaged is passed over."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        directory = RunDirectory(path)
        if not directory.record_file.is_file():
            continue
        try:
            found.append((directory.record().created, directory))
        except UserError:
            continue
    return [directory for _, directory in sorted(found, key=lambda item: item[0], reverse=True)]


def find_run(text: str, folder: Path) -> RunDirectory:
    """Return the run that a path, a name or `latest` stands for.

    Raises:
        UserError: There is none.
    """
    runs = list_runs(folder)
    if text == LATEST:
        if not runs:
            raise UserError(
                f"latest: there are no runs in {folder.absolute()}.",
                "Start one: mlfw run dataset=csv dataset.path=FILE.csv dataset.target=COLUMN",
            )
        return runs[0]
    for path in (Path(text), folder / text):
        if RunDirectory(path).record_file.is_file():
            return RunDirectory(path)
    if Path(text).is_dir():
        raise UserError(f"{text}: not a run directory (no run.json).", "List the runs: mlfw runs")
    named = {run.path.name for run in runs}
    hint = did_you_mean(text, {*named, LATEST}) if runs else "List the runs: mlfw runs"
    raise UserError(f"{text}: no run of that name in {folder.absolute()}.", hint)


def open_run(frozen: Mapping[str, Any]) -> tuple[RunDirectory, bool]:
    """Return the directory in which a configuration is to be run, and whether it continues.

    With `run.dir` or `run.name` it is that directory; otherwise the newest run of the same
    configuration that was interrupted or failed, or else a new directory.

    Raises:
        UserError: The named directory holds a run of another configuration, or other files.
    """
    settings = frozen["run"]
    folder = runs_folder(settings["folder"])
    if settings["dir"] or settings["name"]:
        named = _named_directory(settings, folder)
        if named.record_file.exists():
            _check_same(named, frozen)
            return named, True
        if named.path.is_dir() and any(map(_is_foreign, named.path.iterdir())):
            raise UserError(
                f"run.dir={named.path}: the folder holds other files.",
                "Choose a new or empty folder.",
            )
        named.create(named.path.name, frozen)
        return named, False
    fingerprint = config_digest(frozen)
    for run in list_runs(folder):
        record = run.record()
        same = record.config == fingerprint and record.state != FINISHED
        if same and not is_locked(run.path):
            return run, True
    return _new_directory(folder, frozen), False


def _named_directory(settings: Mapping[str, Any], folder: Path) -> RunDirectory:
    if settings["dir"]:
        return RunDirectory(Path(settings["dir"]).expanduser())
    name = str(settings["name"])
    if not re.fullmatch(r"[\w][\w.-]*", name) or name == LATEST:
        raise UserError(
            f"run.name={name}: expected letters, digits, '.', '_' and '-', and not '{LATEST}'."
        )
    return RunDirectory(folder / name)


def _is_foreign(path: Path) -> bool:
    """Tell what is not left from a run that was killed while it made its directory."""
    return path.name not in {"config.yaml", LOCK} and not path.name.startswith(TEMPORARY_PREFIX)


def _check_same(directory: RunDirectory, frozen: Mapping[str, Any]) -> None:
    if directory.record().config == config_digest(frozen):
        return
    before, now = _flat(directory.frozen()), _flat(frozen)
    keys = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    differing = ", ".join(key for key in keys if not key.startswith("run.")) or "its settings"
    raise UserError(
        f"{directory.path}: holds a run of another configuration ({differing} differ).",
        "Choose another run.dir, or leave it out.",
    )


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(values, Mapping) and values:
        return {
            key: item
            for name, value in values.items()
            for key, item in _flat(value, f"{prefix}{name}.").items()
        }
    return {prefix.rstrip("."): values}


def _new_directory(folder: Path, frozen: Mapping[str, Any]) -> RunDirectory:
    """Make a directory whose name no other run has, also when two start at once."""
    source = Path(str(frozen["dataset"].get("path") or frozen["dataset"].get("name") or "")).stem
    source = re.sub(r"[^\w-]+", "-", source) or frozen["dataset"]["use"]
    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = f"{source}-{frozen['model']['use']}-{stamp}"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        path = folder / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        directory = RunDirectory(path)
        directory.create(path.name, frozen)
        return directory
    raise UserError(f"{folder / name}: too many runs of that name.", "Set run.name.")
