"""The first stage: load, divide, keep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlfw.components import Dataset
from mlfw.components.paths import path_fields
from mlfw.disk import disk_mistake
from mlfw.files import link_folder, new_folder, read_json, sha256, write_json
from mlfw.pipeline.data_report import data_report
from mlfw.pipeline.splits_file import FORMAT, load_splits, save_splits
from mlfw.pipeline.work import Work

REPORT = "report.json"


def prepare(work: Work) -> None:
    """Load the data set, divide it, and keep the splits in the run directory.

    They are kept in the cache too, so that the next run of the same data need not do it again.
    Of data that are not rows nothing is kept but what they follow from.
    """
    import pyarrow as pa

    config = work.config

    def make(folder: Path) -> None:
        splits = config.dataset.load(work.load_context(folder))
        save_splits(splits, folder, work.course.count)
        write_json(folder / REPORT, data_report(splits))

    def act() -> None:
        if work.opaque:
            assert work.data is not None
            return
        key = work.fingerprints["prepare"]
        kept = _kept(work, key, make)
        if kept is None:
            with new_folder(work.directory.data) as folder:
                make(folder)
        else:
            link_folder(kept, work.directory.data)
        write_json(work.directory.data_report, read_json(work.directory.data / REPORT))
        pa.default_memory_pool().release_unused()  # what reading and dividing needed
        work.data = load_splits(work.directory.data, key)
        work.monitor.findings(work.splits.findings)

    def inputs() -> list[Any]:
        return [
            FORMAT,
            config.frozen["dataset"],
            config.frozen["split"],
            config.seed,
            config.dataset.fingerprint(work.course.count),
            _named_files(config.dataset),
            work.plugin_version("dataset"),
        ]

    made = [work.directory.data, work.directory.data_report]
    work.stage("prepare", inputs, f"dataset {config.choice('dataset')}", act, made)


def _kept(work: Work, key: str, make: Callable[[Path], None]) -> Path | None:
    """Return the prepared data in the cache; None where there is none, or no room in it."""
    if work.cache is None:
        return None
    try:
        return work.cache.add(key, make)
    except OSError as error:
        mistake = disk_mistake(error)
        if mistake is None:
            raise
        work.monitor.note(f"prepared data are not kept for the next run: {mistake.problem}")
        return None


def _named_files(dataset: Dataset) -> dict[str, str]:
    """Return the checksums of files that single options name, such as a schema."""
    paths = {name: getattr(dataset, name) for name in path_fields(type(dataset))}
    return {
        name: sha256(Path(path))
        for name, path in paths.items()
        if isinstance(path, str) and path and Path(path).is_file()
    }
