"""From a CSV file to prepared training tensors, against pandas and scikit-learn.

The set-up: 1,000,000 rows, 14 columns of numbers and 5 of words, both with missing values, and a
target of three classes. Both sides read, divide by class, impute, scale and encode, in a process
of their own; imports count in the memory of both and in the time of neither.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.processes import report

ROWS, NUMBERS, WORDS, REPEATS = 1_000_000, 14, 5, 3
HERE = Path(__file__).parent


def write_table(path: Path, rows: int = ROWS) -> None:
    """Write the CSV file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pv

    random = np.random.default_rng(0)
    columns: dict[str, pa.Array] = {}
    for index in range(NUMBERS):
        values = random.normal(10 * index, 3, rows).round(4)
        if index % 3 == 0:
            values = (values * 10).astype(int)
        columns[f"number {index}"] = pa.array(values, mask=random.random(rows) < 0.03)
    for index in range(WORDS):
        words = np.array([f"word {i}" for i in range(4 ** (index + 1))])
        chosen = random.choice(words, rows)
        columns[f"word {index}"] = pa.array(chosen, mask=random.random(rows) < 0.03)
    columns["target"] = pa.array(random.choice(["low", "middle", "high"], rows, p=[0.2, 0.5, 0.3]))
    pv.write_csv(pa.table(columns), path)


def measure(script: str, *arguments: Path) -> tuple[float, float]:
    """Return seconds and peak megabytes of a script in a process of its own."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, megabytes = out.split()
    return float(seconds), float(megabytes)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "rows.csv"
        write_table(source)
        times, memory, cached = [], [], []
        for repeat in range(REPEATS):
            pandas = measure("prepare_by_pandas.py", source)
            own = measure("prepare_by_mlfw.py", source, folder / str(repeat))
            again = measure("prepare_by_mlfw.py", source, folder / str(repeat))
            times.append(pandas[0] / own[0])
            memory.append(own[1] / pandas[1])
            cached.append(again[0] / own[0])
    report("CSV to tensors, seconds of pandas + scikit-learn / mlfw", times, "at least 3")
    report("CSV to tensors, peak memory of mlfw / pandas + scikit-learn", memory, "at most 0.5")
    report("CSV to tensors, seconds of the second run / the first", cached, "at most 0.1")
