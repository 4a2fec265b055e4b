"""One row in Python: `mlfw.load(run).predict` against a pipeline of scikit-learn.

The pipeline takes a data frame of one row, as scikit-learn's users write it.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.predict_million import HERE, write_table
from tests.benchmarks.processes import PYTHON, report, seconds

FAMILIES = ("linear", "boosting", "forest")
TRAINED_ON, CALLS, REPEATS = 2000, 100, 5
LEAST = 20


def microseconds(call: Callable[[], Any], calls: int) -> float:
    """Return how long a call takes, after one to warm up."""
    call()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls * 1e6


def main() -> None:
    """Measure and print."""
    import joblib

    import mlfw

    sys.path.insert(0, str(HERE))
    import predict_by_pandas

    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, script = folder / "train.csv", HERE / "predict_by_pandas.py"
        write_table(train, TRAINED_ON, 1)
        frame = predict_by_pandas.read(str(train))[:1]
        row = {
            **{name: value for name, value in frame.iloc[0].to_dict().items() if value == value},
            "day": "2021-03-04",
        }
        row = {
            name: value.item() if hasattr(value, "item") else value for name, value in row.items()
        }
        for family in FAMILIES:
            run, file = folder / family, folder / f"{family}.joblib"
            settings = [f"dataset.path={train}", "dataset.target=answer", "dataset.checks.all=off"]
            command = ["run", "dataset=csv", *settings, f"model={family}", f"run.dir={run}"]
            seconds([PYTHON, "-m", "mlfw", *command], folder)
            seconds([PYTHON, str(script), "fit", family, str(train), str(file)], folder)
            model, pipeline = mlfw.load(run), joblib.load(file)
            rows = [{each: row.get(each) for each in model.schema.names}]
            own = [microseconds(lambda m=model, r=rows: m.predict(r), 20 * CALLS)
                   for _ in range(REPEATS)]  # fmt: skip
            other = [microseconds(lambda p=pipeline: p.predict(frame), CALLS)
                     for _ in range(REPEATS)]  # fmt: skip
            ratios = [theirs / ours for ours, theirs in zip(own, other, strict=True)]
            report(f"one row, {family}: scikit-learn / mlfw", ratios, f"at least {LEAST}")
            print(f"one row, {family}: {min(own):.0f} µs")


if __name__ == "__main__":
    main()
