"""The folder of runs: making, finding and listing them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlfw.errors import UserError, did_you_mean, listing
from mlfw.files import TEMPORARY_PREFIX
from mlfw.runs.directory import ELSEWHERE, RunDirectory, config_digest
from mlfw.runs.lock import LOCK, is_locked
from mlfw.runs.record import FAILED, FINISHED, RUNNING
from mlfw.urls import check_on_disk

FOLDER_VARIABLE = "MLFW_RUNS"
LATEST = "latest"
# File systems take 255 bytes, and other names are made of a run's.
LONGEST_NAME, LONGEST_PART = 150, 255
LONGEST_SOURCE = 40

Note = Callable[[str], None]


def unnoted(_: str) -> None:
    """Drop a note."""


def runs_folder(given: str | None = None) -> Path:
    """Return the folder of runs: the one given, `MLFW_RUNS`, or `runs`.

    Raises:
        UserError: It is a URL.
    """
    text = given or os.environ.get(FOLDER_VARIABLE) or "runs"
    check_on_disk(text, "run.folder" if given else FOLDER_VARIABLE)
    return Path(text)


def list_runs(folder: Path, note: Note = unnoted) -> list[RunDirectory]:
    """Return the runs in a folder, newest first.

    Folders without a run.json are no runs; those whose run.json is not the record of a run are
    passed over with a note.

    Args:
        folder: The folder of runs.
        note: Receives a sentence for each folder that is passed over.
    """
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        directory = RunDirectory(path)
        try:
            if path.is_dir() and os.path.lexists(directory.record_file):
                found.append((directory.record().created, directory))
        except (UserError, OSError) as error:
            note(f"{path}: passed over: {_reason(error)}")
    return [directory for _, directory in sorted(found, key=lambda item: item[0], reverse=True)]


def latest_run(folder: Path, note: Note = unnoted) -> RunDirectory:
    """Return the newest run that has finished.

    Raises:
        UserError: There is none.
    """
    runs = list_runs(folder, note)
    for run in runs:
        if run.record().state == FINISHED:
            return run
    if runs:
        raise UserError(
            f"{LATEST}: no run in {folder.absolute()} has finished; the newest one, "
            f"{runs[0].path.name}, {in_words(runs[0])}.",
            "Type its command again, so that it ends; or list the runs: mlfw runs",
        )
    raise UserError(
        f"{LATEST}: there are no runs in {folder.absolute()}.",
        "Start one: mlfw run dataset=csv dataset.path=FILE.csv dataset.target=COLUMN",
    )


def in_words(run: RunDirectory) -> str:
    """Return a run's state as the end of a sentence, such as `was interrupted`."""
    state, error = run.state(), run.record().error.rstrip(".")
    if state == FAILED:
        return f"failed: {error}" if error else "failed"
    return {RUNNING: "is still running", FINISHED: "has finished"}.get(state, "was interrupted")


def find_run(text: str, folder: Path, note: Note = unnoted) -> RunDirectory:
    """Return the run that a path, a name or `latest` stands for.

    Args:
        text: A run directory, a run's name, or `latest` for the newest run that has finished.
        folder: The folder of runs.
        note: Receives a sentence for each folder that is passed over.

    Raises:
        UserError: There is none.
    """
    if any(len(os.fsencode(part)) > LONGEST_PART for part in Path(text).parts):
        raise UserError(
            f"{text[:40]}...: no run can have so long a name.", "List the runs: mlfw runs"
        )
    if text == LATEST:
        return latest_run(folder, note)
    for path in (Path(text), folder / text):
        if os.path.lexists(RunDirectory(path).record_file):
            found = RunDirectory(path)
            found.record()
            return found
    if Path(text).is_dir():
        raise UserError(f"{text}: not a run directory (no run.json).", "List the runs: mlfw runs")
    named = {run.path.name for run in list_runs(folder, note)}
    hint = did_you_mean(text, {*named, LATEST}) if named else "List the runs: mlfw runs"
    raise UserError(f"{text}: no run of that name in {folder.absolute()}.", hint)


def _reason(error: UserError | OSError) -> str:
    """Return why a folder holds no run, without its own name."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return error.problem.replace("not a run directory (no run.json)", "run.json leads nowhere")


def open_run(frozen: Mapping[str, Any], note: Note = unnoted) -> tuple[RunDirectory, bool]:
    """Return the directory in which a configuration is to be run, and whether it continues.

    With `run.dir` or `run.name` it is that directory; otherwise the newest run of the same
    configuration that was interrupted or failed, or else a new directory.

    Args:
        frozen: The configuration.
        note: Receives a sentence for each folder of runs that is passed over.

    Raises:
        UserError: The named directory holds a run of another configuration, or other files.
    """
    settings = frozen["run"]
    folder = runs_folder(settings["folder"])
    if settings["dir"] or settings["name"]:
        named = _named_directory(settings, folder)
        if os.path.lexists(named.record_file):
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
    for run in list_runs(folder, note):
        record = run.record()
        if record.state == FINISHED or is_locked(run.path):
            continue
        alike = (record.dataset, record.model) == (frozen["dataset"]["use"], frozen["model"]["use"])
        if record.config == fingerprint or (alike and not _differing(run, frozen)):
            return run, True
    return _new_directory(folder, frozen), False


def _named_directory(settings: Mapping[str, Any], folder: Path) -> RunDirectory:
    if settings["dir"]:
        check_on_disk(settings["dir"], "run.dir")
        return RunDirectory(Path(settings["dir"]).expanduser())
    name = str(settings["name"])
    if not re.fullmatch(r"[\w][\w.-]*", name) or name == LATEST:
        near = re.sub(r"[^A-Za-z0-9]+", "-", name)[:40].strip("-") or "my"
        raise UserError(
            f"run.name={name[:40]}: expected letters, digits, '.', '_' and '-', beginning with a "
            f"letter or a digit, and not '{LATEST}'.",
            f"For example: run.name={near}-1",
        )
    if len(os.fsencode(name)) > LONGEST_NAME:
        raise UserError(
            f"run.name={name[:20]}...: expected at most {LONGEST_NAME} bytes, found "
            f"{len(os.fsencode(name))}.",
            f"For example: run.name={name[:20]}",
        )
    return RunDirectory(folder / name)


def _is_foreign(path: Path) -> bool:
    """Tell what is not left from a run that was killed while it made its directory."""
    return path.name not in {"config.yaml", LOCK} and not path.name.startswith(TEMPORARY_PREFIX)


def _check_same(directory: RunDirectory, frozen: Mapping[str, Any]) -> None:
    if directory.record().config == config_digest(frozen):
        return
    keys = _differing(directory, frozen)
    if keys:
        raise UserError(
            f"{directory.path}: holds a run of another configuration: "
            f"{listing(keys)} {'differs' if len(keys) == 1 else 'differ'}.",
            "Choose another run.dir, or leave it out.",
        )


def _differing(directory: RunDirectory, frozen: Mapping[str, Any]) -> list[str]:
    """Return the keys in which a run's configuration differs from another, sorted.

    A key that the run does not know is one that its version of mlfw did not have: it counts as
    not set.
    """
    import yaml

    try:
        before, now = _flat(directory.frozen()), _flat(frozen)
    except (OSError, ValueError, AssertionError, yaml.YAMLError):
        return [f"{directory.config_file.name} cannot be read, so it"]
    return sorted(
        key
        for key in before.keys() | now.keys()
        if before.get(key) != now.get(key) and key.partition(".")[0] not in ELSEWHERE
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
    source = re.sub(r"[^\w-]+", "-", source)[:LONGEST_SOURCE] or frozen["dataset"]["use"]
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
