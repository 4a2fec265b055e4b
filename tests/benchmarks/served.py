"""A boosted model with 20 columns, served, for measuring the service."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import psutil
from tests.benchmarks.processes import PYTHON
from tests.conftest import environment
from tests.model_server import ModelServer, start_server

from mlfw.cli.main import main

NUMBERS, CATEGORIES, ROWS = 15, 5, 2000
COLOURS = ("red", "green", "blue", "black", "white")


def row(number: int) -> dict[str, Any]:
    """Return one row of 20 typed columns."""
    made = random.Random(number)
    numbers = {f"x{column}": round(made.gauss(0, 3), 3) for column in range(NUMBERS)}
    words = {f"c{column}": made.choice(COLOURS) for column in range(CATEGORIES)}
    return {**numbers, **words}


def train(folder: Path, model: str = "boosting") -> Path:
    """Train a model on such rows, and return its run directory."""
    data = folder / "rows.csv"
    with data.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*row(0), "y"])
        writer.writeheader()
        for number in range(ROWS):
            values = row(number)
            score = values["x0"] + math.sin(values["x1"]) + 2 * (values["c0"] == "red")
            writer.writerow({**values, "y": "high" if score > 0 else "low"})
    run = folder / "run"
    arguments = [f"dataset.path={data}", "dataset.target=y", f"model={model}", f"run.dir={run}"]
    with redirect_stdout(io.StringIO()):
        status = main(["run", "dataset=csv", *arguments, "tuner=none", "deployer=none"])
    assert status == 0
    return run


@contextmanager
def served(run: Path, *settings: str) -> Iterator[ModelServer]:
    """Serve a run's model by `mlfw serve` while the block runs."""
    folder = run.parent / "current"
    folder.mkdir(exist_ok=True)
    command = [PYTHON, "-m", "mlfw", "serve", run, *settings]
    server = start_server(command, folder, environment())
    try:
        yield server
    finally:
        server.end()


def body(rows: int = 1) -> bytes:
    """Return the body of a request."""
    return json.dumps([row(number) for number in range(rows)]).encode()


def megabytes(server: ModelServer) -> float:
    """Return the resident memory of a server and all its processes."""
    process = psutil.Process(server.process.pid)
    everyone = [process, *process.children(recursive=True)]
    return sum(each.memory_info().rss for each in everyone) / 1e6
