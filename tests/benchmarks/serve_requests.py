"""Requests a second of `mlfw serve`, against services written by hand, all of one worker.

16 clients ask for the prediction of one row with 20 columns by boosting. FastAPI and LitServe are
measured where they are installed: pip install -r tests/benchmarks/requirements.txt
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from tests.model_server import ModelServer, free_port

ROOT = Path(__file__).parent.parent.parent
BY_HAND = {"bentoml": "by_hand", "fastapi": "by_hand", "litserve": "litserve"}
ROWS, NUMBERS, CATEGORIES = 4000, 14, 6
ROUNDS, SECONDS = 3, 4.0


def write_table(path: Path) -> dict[str, Any]:
    """Write a table of numbers and categories, and return one of its rows."""
    rng = random.Random(0)
    names = [f"n{i}" for i in range(NUMBERS)] + [f"c{i}" for i in range(CATEGORIES)]
    lines = [",".join([*names, "y"])]
    row: dict[str, Any] = {}
    for _ in range(ROWS):
        numbers = [round(rng.gauss(0, 1), 4) for _ in range(NUMBERS)]
        words = [rng.choice(("red", "green", "blue", "grey")) for _ in range(CATEGORIES)]
        score = numbers[0] + numbers[1] * numbers[2] + (words[0] == "red") + rng.gauss(0, 0.5)
        lines.append(",".join([*map(str, numbers), *words, "good" if score > 0.3 else "bad"]))
        row = dict(zip(names, [*numbers, *words], strict=True))
    path.write_text("\n".join(lines) + "\n")
    return row


@contextmanager
def server(command: list[str], folder: Path) -> Iterator[tuple[ModelServer, float]]:
    """Yield a server that answers `POST /predict`, and after how many seconds it did."""
    port, log = free_port(), folder / f"{time.monotonic_ns()}.log"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    begun = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    found = ModelServer(process, port, log)
    try:
        found.wait_until(200, "POST", "/predict", (folder / "row.json").read_bytes())
        yield found, time.perf_counter() - begun
    finally:
        found.end()


def measure(port: int, folder: Path) -> dict[str, float]:
    """Return requests a second and the latencies in milliseconds."""
    module = "tests.benchmarks.serve_client"
    command = [sys.executable, "-m", module, str(port), str(SECONDS), str(folder / "row.json")]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def memory(process: subprocess.Popen[bytes]) -> float:
    """Return the resident megabytes of a process and those it started."""
    own = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in [own, *own.children(recursive=True)]) / 1e6


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        row = write_table(folder / "table.csv")
        (folder / "row.json").write_text(json.dumps(row))
        train = [sys.executable, "-m", "mlfw", "run", "dataset=csv", "dataset.path=table.csv"]
        subprocess.run(
            [*train, "dataset.target=y", "model=boosting", "run.name=boosting"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        serve = [sys.executable, "-m", "mlfw", "serve", "boosting"]
        commands = {"mlfw serve": serve}
        for kind, module in BY_HAND.items():
            if find_spec(kind):
                script = [sys.executable, "-m", f"tests.benchmarks.serve_{module}"]
                commands[kind] = [*script, kind, str(folder / "table.csv")]
            else:
                print(f"{kind}: not installed, not measured")
        found: dict[str, list[dict[str, float]]] = {each: [] for each in commands}
        for _ in range(ROUNDS):
            for each, command in commands.items():
                with server(command, folder) as (started, ready):
                    idle = memory(started.process)
                    result = measure(started.port, folder)
                    found[each].append({**result, "ready": ready, "idle": idle})
                    print(f"{each}: {result['rate']:.0f} requests/s", flush=True)
    show(found)


def show(found: dict[str, list[dict[str, float]]]) -> None:
    """Print what was measured, as medians, and the ratios."""
    ours = found["mlfw serve"]
    for each, results in found.items():
        m = {key: statistics.median(one[key] for one in results) for key in results[0]}
        print(
            f"{each}: {m['rate']:.0f} requests/s, p50 {m['p50']:.1f} ms, p99 {m['p99']:.1f} ms, "
            f"idle {m['idle']:.0f} MB, ready after {m['ready']:.1f} s"
        )
    for each, results in found.items():
        if each != "mlfw serve":
            ratios = [a["rate"] / b["rate"] for a, b in zip(ours, results, strict=True)]
            aim = "at least 3" if each == "bentoml" else "over 1"
            print(
                f"mlfw serve / {each}: {statistics.median(ratios):.2f} times the requests "
                f"({min(ratios):.2f} to {max(ratios):.2f}; aim: {aim})"
            )
    tail = statistics.median(one["p99"] / one["p50"] for one in ours)
    print(f"mlfw serve, p99 / p50: {tail:.1f} (aim: under 5)", flush=True)


if __name__ == "__main__":
    main()
