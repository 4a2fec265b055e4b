"""`mlfw predict` of 1,000,000 rows from CSV to Parquet, against pandas and scikit-learn.

The set-up: 10 columns of numbers, 4 of words, 2 of yes or no, an identifier and a date, values
missing in all of them, a target of two classes; models fitted on 20,000 rows. Both sides start a
process that loads the model, reads, predicts and writes.

Seen for the forest on two quiet cores, one pair: 3.0 times as fast as the script, with 0.4 of its
processor time and 371 MB at most. Its nodes are in single precision where that is exact, and most
rows go to the child that is stored next.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.processes import PYTHON, report, seconds
from tests.benchmarks.resources import Used, used

ROWS, TRAINED_ON, REPEATS = 1_000_000, 20_000, 3
NUMBERS, WORDS, FLAGS = 11, 4, 2
FAMILIES = {"boosting": 1.0, "forest": 1.0, "linear": 2.0, "mlp": 2.0}
MOST_MEGABYTES = 400
HERE = Path(__file__).parent


def write_table(path: Path, rows: int, seed: int = 0) -> None:
    """Write a CSV file of mixed columns, with the target last."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pv

    random = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    score = random.normal(size=rows)
    for index in range(NUMBERS):
        values = random.normal(10 * index, 3, rows)
        score += (values - 10 * index) / 3 * (index % 4 == 0)
        values = (values * 10).astype(int) if index % 3 == 0 else values.round(4)
        columns[f"number {index}"] = pa.array(values, mask=random.random(rows) < 0.03)
    for index in range(WORDS):
        chosen = random.integers(4 ** (index + 1), size=rows)
        words = np.array([f"word {i}" for i in range(4 ** (index + 1))])
        score += chosen % 3 - 1
        columns[f"word {index}"] = pa.array(words[chosen], mask=random.random(rows) < 0.03)
    for index in range(FLAGS):
        flags = np.where(random.random(rows) < 0.4, "yes", "no")
        columns[f"flag {index}"] = pa.array(flags, mask=random.random(rows) < 0.03)
    days = np.datetime64("2020-01-01") + random.integers(1500, size=rows)
    columns["day"] = pa.array(days, mask=random.random(rows) < 0.03)
    columns["answer"] = pa.array(np.where(score > 0, "yes", "no"))
    pv.write_csv(pa.table(columns), path)


def measure(family: str, folder: Path) -> tuple[list[Used], list[Used]]:
    """Return what mlfw and what the script use, once a repeat."""
    rows, train = folder / "rows.csv", folder / "train.csv"
    script, model, run = HERE / "predict_by_pandas.py", folder / f"{family}.joblib", folder / family
    settings = [f"dataset.path={train}", "dataset.target=answer", "dataset.checks.all=off"]
    if family == "mlp":
        settings.append("trainer.epochs=5")
    train_ours = ["run", "dataset=csv", *settings, f"model={family}", f"run.dir={run}"]
    seconds([PYTHON, "-m", "mlfw", *train_ours], folder)
    seconds([PYTHON, str(script), "fit", family, str(train), str(model)], folder)
    ours, theirs = [], []
    for _ in range(REPEATS):
        out = folder / "out.parquet"
        ours.append(used("mlfw", "predict", run, rows, "-o", out, folder=folder))
        theirs.append(used(script, "predict", model, rows, out, folder=folder))
    return ours, theirs


def main(families: list[str]) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "train.csv", TRAINED_ON, 1)
        write_table(folder / "rows.csv", ROWS)
        for family in families or FAMILIES:
            ours, theirs = measure(family, folder)
            pairs = list(zip(ours, theirs, strict=True))
            about = f"{ROWS:,} rows, {family}"
            report(
                f"{about}: seconds of pandas + scikit-learn / mlfw predict",
                [other.seconds / own.seconds for own, other in pairs],
                f"at least {FAMILIES[family]:g}",
            )
            report(
                f"{about}: processor time of pandas + scikit-learn / mlfw predict",
                [other.cpu / own.cpu for own, other in pairs],
                "none",
            )
            peak = max(own.megabytes for own in ours)
            print(f"{about}: {peak:.0f} MB at most (aim: under {MOST_MEGABYTES})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
