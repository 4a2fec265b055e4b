"""`mlfw predict` of 20 rows, against importing scikit-learn's trees alone."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.benchmarks.predict_million import write_table
from tests.benchmarks.processes import PYTHON, report, seconds
from tests.benchmarks.resources import used

FAMILIES = ("tree", "linear", "boosting", "svm", "forest")
ROWS, TRAINED_ON, REPEATS = 20, 1000, 5


def main() -> None:
    """Measure and print."""
    other = [PYTHON, "-c", "import sklearn.tree"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, rows, out = (folder / file for file in ("train.csv", "rows.csv", "out.csv"))
        write_table(train, TRAINED_ON, 1)
        write_table(rows, ROWS)
        for family in FAMILIES:
            run = folder / family
            settings = [f"dataset.path={train}", "dataset.target=answer", "dataset.checks.all=off"]
            command = ["run", "dataset=csv", *settings, f"model={family}", f"run.dir={run}"]
            seconds([PYTHON, "-m", "mlfw", *command], folder)
            ratios, own = [], []
            for _ in range(REPEATS):
                own.append(used("mlfw", "predict", run, rows, "-o", out, folder=folder))
                ratios.append(own[-1].seconds / seconds(other, folder))
            report(f"{ROWS} rows, {family}: mlfw predict / import sklearn.tree", ratios, "0.7")
            middle = statistics.median(each.seconds for each in own)
            peak = max(each.megabytes for each in own)
            print(f"{ROWS} rows, {family}: {middle:.2f} s (aim: 0.8), {peak:.0f} MB (aim: 150)")


if __name__ == "__main__":
    main()
