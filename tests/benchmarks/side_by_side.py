"""Trials in two worker processes against one process, and what a job costs in a warm worker.

The trials are bound by the processor: each computes for about a second in one thread. What
counts is the stage `tune`, the start of the workers included.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.processes import PYTHON, report
from tests.plugin_folder import write_plugin

import mlfw
from mlfw.plugins import load_plugins

ROOT = Path(__file__).parent.parent.parent
TRIALS, REPEATS = 40, 3
JOBS, ROUNDS = 50, 5
CODE = """
import json
from dataclasses import dataclass, field

import mlfw

class Constant(mlfw.Predictor):
    def __init__(self, schema, share):
        self.schema, self.share = schema, share

    def predict(self, rows):
        count = len(self.schema.classes)
        return mlfw.predictions_table(self.schema, [[1 / count] * count] * rows.num_rows)

    def save(self, folder):
        (folder / "share.json").write_text(json.dumps(self.share))

@dataclass(kw_only=True)
class Burning(mlfw.Model):
    share: float = field(default=0.3, metadata=mlfw.search(0.1, 0.9))

    def fit(self, data, context):
        total = 0
        for number in range(24_000_000 if not context.final else 0):
            total += number & 7
        return Constant(data.schema, self.share)

    def load(self, folder, schema):
        return Constant(schema, json.loads((folder / "share.json").read_text()))

@dataclass(kw_only=True)
class Same(mlfw.Metric):
    '''Every model is as good; no library is loaded to say so.'''

    tasks = frozenset({mlfw.Task.multiclass})
    higher_is_better = True

    def compute(self, target, predictions, schema):
        return 0.5

@mlfw.hookimpl
def mlfw_models():
    return {"burning": Burning}

@mlfw.hookimpl
def mlfw_metrics():
    return {"same": Same}

def nothing(job, context):
    return None

@mlfw.hookimpl
def mlfw_jobs():
    return {"nothing": "burning_plugin:nothing"}
"""


def tuning_seconds(folder: Path, site: str, *settings: str) -> float:
    """Return how long the trials of a run take."""
    data = ROOT / "examples/penguins/penguins.csv"
    command = [
        PYTHON, "-m", "mlfw", "run", "dataset=csv", f"dataset.path={data}",
        "dataset.target=Species", "model=burning", "metrics=[same]", "tuner=random",
        f"tuner.trials={TRIALS}", "run.dir=run", *settings,
    ]  # fmt: skip
    run = folder / "run"
    subprocess.run(["rm", "-rf", str(run)], check=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([site, *sys.path])}
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)
    return float(json.loads((run / "run.json").read_text())["seconds"]["tune"])


def compare(folder: Path, site: str, *settings: str) -> None:
    """Measure two workers against one process, and print."""
    ratios = []
    for _ in range(REPEATS):
        alone = tuning_seconds(folder, site)
        ratios.append(alone / tuning_seconds(folder, site, *settings))
    report(f"{TRIALS} trials, {' '.join(settings)}, times as fast", ratios, "at least 1.7")


def overhead(*, executor: str = "local", aim: float = 50.0, **options: object) -> None:
    """Measure what a warm worker takes for a job that does nothing, and print."""
    plugins = load_plugins()
    component = plugins.registry.get("executor", executor).component(**options)
    assert isinstance(component, mlfw.Executor)
    workers = component.start(mlfw.JobSetup(plugins.registry.job))
    try:
        list(workers.map([mlfw.Job("nothing")] * 4, mlfw.Resources(), mlfw.Watch()))
        taken = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for _ in range(JOBS):
                list(workers.map([mlfw.Job("nothing")], mlfw.Resources(), mlfw.Watch()))
            taken.append((time.perf_counter() - start) / JOBS * 1000)
    finally:
        workers.close()
    print(
        f"executor={executor}, a warm job: {statistics.median(taken):.2f} ms "
        f"({min(taken):.2f} to {max(taken):.2f}; aim: under {aim:g} ms)",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = write_plugin(folder, "burning", CODE)
        sys.path.insert(0, site)
        try:
            overhead(workers=2)
            compare(folder, site, "executor.workers=2", "tuner.batch=2")
        finally:
            sys.path.remove(site)


if __name__ == "__main__":
    main()
