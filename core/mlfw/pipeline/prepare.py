"""The first stage: load, divide, keep."""

from __future__ import annotations

from mlfw.components import LoadContext
from mlfw.pipeline.splits_file import save_splits
from mlfw.pipeline.work import Work


def prepare(work: Work) -> None:
    """Load the data set, divide it, and keep the splits in the run directory."""
    config = work.config

    def act() -> None:
        context = LoadContext(split=config.split, seed=config.seed, progress=work.monitor.steps)
        splits = config.dataset.load(context)
        save_splits(splits, work.directory.data)
        work.splits = splits

    inputs = [
        config.frozen["dataset"],
        config.frozen["split"],
        config.seed,
        config.dataset.fingerprint(),
        work.plugin_version("dataset"),
    ]
    work.stage("prepare", inputs, f"dataset {config.choice('dataset')}", act)
