"""Training on more rows than memory should hold, against the same rows in memory.

The set-up: Parquet files of 14 columns of numbers, 5 of words and a target. Peak memory is
measured on 5 GB of them; the speed on a part that fits into memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.processes import report

GIGABYTES, ROWS_A_FILE, NUMBERS, WORDS = 5.0, 1_000_000, 14, 5
FEW_FILES, REPEATS = 2, 3
HERE = Path(__file__).parent


def write_file(path: Path, seed: int) -> None:
    """Write one Parquet file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(seed)
    numbers = random.normal(size=(NUMBERS, ROWS_A_FILE))
    columns: dict[str, pa.Array] = {f"number {i}": pa.array(numbers[i]) for i in range(NUMBERS)}
    for index in range(WORDS):
        words = np.array([f"word {i}" for i in range(4 ** (index + 1))])
        columns[f"word {index}"] = pa.array(random.choice(words, ROWS_A_FILE))
    columns["target"] = pa.array(np.where(numbers[0] * numbers[1] > 0, "same", "other"))
    pq.write_table(pa.table(columns), path, row_group_size=250_000)


def measure(source: Path, how: str, epochs: int) -> tuple[float, float]:
    """Return training rows per second and peak megabytes of a process of its own."""
    with tempfile.TemporaryDirectory(dir=source.parent) as work:
        command = [sys.executable, str(HERE / "stream_train.py"), str(source), work, how]
        run = subprocess.run([*command, str(epochs)], capture_output=True, text=True, check=True)
    rate, megabytes = run.stdout.split()
    return float(rate), float(megabytes)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name) / "few", Path(name) / "many"
        few.mkdir()
        for number in range(FEW_FILES):
            write_file(few / f"{number:03}.parquet", number)
        pairs = [
            (measure(few, "streamed", 2)[0], measure(few, "memory", 2)[0]) for _ in range(REPEATS)
        ]
        ratios = [streamed / memory for streamed, memory in pairs]
        report("rows/s of the network, streamed / in memory", ratios, "at least 0.7")
        many.mkdir()
        size, number = 0, 0
        while size < GIGABYTES * 1e9:
            path = many / f"{number:03}.parquet"
            write_file(path, number)
            size, number = size + path.stat().st_size, number + 1
        _, megabytes = measure(many, "streamed", 1)
        print(
            f"peak memory on {size / 1e9:.1f} GB of Parquet: {megabytes:.0f} MB (aim: below 1000)"
        )
