"""A killed service leaves a log that can be read, and that `mlfw drift` reads."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from conftest import Mlfw, environment
from model_server import START_SECONDS, start_server
from trained_penguins import penguin, trained_penguins


def rows(folder: Path) -> int:
    return sum(pq.read_table(file).num_rows for file in folder.glob("*.parquet"))


def test_a_killed_service_leaves_whole_files(tmp_path: Path, mlfw_here: Mlfw) -> None:
    path = tmp_path / "requests.parquet"
    folder = tmp_path / "requests.parquet.parts"
    run = trained_penguins()
    command = [sys.executable, "-m", "mlfw", "serve", run, f"serve.log={path}"]
    server = start_server(command, tmp_path, environment())
    try:
        for number in range(60):
            assert server.predict([penguin(number)]).status == 200
        end = time.monotonic() + START_SECONDS
        while rows(folder) < 60:
            assert time.monotonic() < end
            time.sleep(0.05)
        for number in range(40):
            server.predict([penguin(number)])
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    finally:
        server.end()
    result = mlfw_here("drift", run, path)

    assert 60 <= rows(folder) <= 100
    assert not path.exists()
    assert result.returncode == 0, result.stderr
    assert f"{path}: {rows(folder)} rows" in " ".join(result.stdout.split())
    assert "not compared: Comments" in result.stdout
    assert "were made now" not in result.stdout
