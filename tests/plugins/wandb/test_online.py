"""Tracking with a server, and with one that is not there, does not answer, or goes away."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import within
from wandb_run import (
    KEY,
    VALUES,
    Server,
    Track,
    finish,
    kept,
    numbers,
    seconds_taken,
    wait_for,
)  # fmt: skip


@pytest.fixture(params=[pytest.param("closed", marks=pytest.mark.slow), "silent"])
def dead_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a port that refuses connections, and of one that never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_values_reach_the_server_and_a_continued_run_keeps_its_id(
    track: Track, server: Server, tmp_path: Path
) -> None:
    for _ in range(2):
        finish(track(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url))
    assert [numbers(row) for row in server.rows] == VALUES * 2
    assert len(set(server.ids)) == 1
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert not [path for path in written if KEY.encode() in path.read_bytes()]


def test_where_no_server_answers_the_run_goes_on_offline_in_bounded_time(
    track: Track, tmp_path: Path, dead_url: str
) -> None:
    finish(track(WANDB_API_KEY=KEY, WANDB_BASE_URL=dead_url, options={"timeout": 2}))
    # wandb alone takes over 25 s to give up.
    assert seconds_taken(tmp_path) < within(20)
    assert "tracked offline" in (tmp_path / "log.txt").read_text()
    assert [row for row in kept(tmp_path / "run") if row] == VALUES


def test_a_key_that_cannot_be_one_leads_offline(track: Track, tmp_path: Path) -> None:
    finish(track(WANDB_API_KEY="short"))
    assert "WANDB_API_KEY invalid" in (tmp_path / "log.txt").read_text()
    assert kept(tmp_path / "run") == VALUES


def test_asked_to_be_online_without_a_key_nobody_is_asked_for_one(
    track: Track, tmp_path: Path
) -> None:
    finish(track(options={"mode": "online"}))
    assert "no key is set" in (tmp_path / "log.txt").read_text()
    assert kept(tmp_path / "run") == VALUES


def test_a_server_that_goes_away_does_not_hold_up_the_end(
    track: Track, tmp_path: Path, server: Server
) -> None:
    process = track(
        WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url, options={"timeout": 3}, waits="yes"
    )
    wait_for((tmp_path / "waiting").exists)
    server.stop()
    finish(process)
    assert seconds_taken(tmp_path) < within(20)
    error = (tmp_path / "error.txt").read_text()
    folder = Path(error.partition("wandb sync ")[2])
    assert "within 3 s" in error
    assert list(folder.glob("*.wandb"))
    assert kept(tmp_path / "run") == VALUES


def test_a_service_that_dies_does_not_take_the_run_with_it(track: Track, tmp_path: Path) -> None:
    process = track(waits="yes")
    wait_for((tmp_path / "waiting").exists)
    for child in children(process.pid):
        os.kill(child, signal.SIGKILL)
    finish(process)
    assert (tmp_path / "error.txt").exists()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
