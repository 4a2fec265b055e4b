"""The prepare stage of `mlfw run` and the arrays of the network, as a run does both.

Run as `python prepare_by_mlfw.py CSV FOLDER`; prints the seconds and the peak memory in
megabytes. A second run in the same folder finds the cache filled.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path


def main(path: str, folder: Path) -> None:
    """Read, divide and prepare."""
    import numpy as np
    import pandas  # pyarrow loads it with the first array that it makes
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet
    import torch

    from mlfw.cache import Cache
    from mlfw.components import RunInfo
    from mlfw.config import compose
    from mlfw.pipeline.events import Events
    from mlfw.pipeline.monitor import Monitor
    from mlfw.pipeline.prepare import prepare
    from mlfw.pipeline.work import Work
    from mlfw.plugins import load_plugins
    from mlfw.runs.store import open_run
    from mlfw_tabular.features import prepared

    plugins = load_plugins()
    settings = [f"dataset.path={path}", "dataset.target=target", "dataset.checks.all=off"]
    config = compose(
        None, ["dataset=csv", *settings, f"run.folder={folder / 'runs'}", "model=mlp"], plugins
    )
    directory, _ = open_run(config.frozen)
    events = Events(
        RunInfo("x", directory.path, config.frozen), plugins.manager, config.tracker, Monitor()
    )
    cache = Cache(folder / "cache", 10**12)
    work = Work(config, directory, plugins, events, Monitor(), cache=cache)
    start = time.perf_counter()
    prepare(work)
    made = prepared(work.splits, cache=cache, folder=folder, seed=0)
    tensors = [
        torch.from_numpy(array)
        for rows in (made.train, made.validation)
        for array in rows.read(0, rows.rows).values()
    ]
    assert np.prod(tensors[0].shape) > 0
    assert pandas
    assert pyarrow.compute
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
