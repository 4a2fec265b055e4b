"""Threads are as many as values and idle cores are worth, and sleep while they wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlfw import threads
from mlfw.threads import PASSIVE, VALUES_EACH, idle_cores, usable_cores, wait_passively


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of eight cores, all of them idle."""
    load = tmp_path / "loadavg"
    load.write_text("0.00 0.00 0.00 1/300 4711\n")
    monkeypatch.setattr(threads, "LOAD", load)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return load


def test_threads_wait_passively_unless_the_environment_says_how() -> None:
    nothing: dict[str, str] = {}
    wait_passively(nothing)
    assert nothing == PASSIVE

    for name in PASSIVE:
        chosen = {name: "active"}
        wait_passively(chosen)
        assert chosen == {name: "active"}


def test_importing_mlfw_is_enough_for_programs_that_run_it_from_python() -> None:
    told = {key: value for key, value in os.environ.items() if key not in PASSIVE}
    shown = (
        "import os, mlfw; print([os.environ.get(name) for name in sorted(mlfw.threads.PASSIVE)])"
    )

    done = subprocess.run(
        [sys.executable, "-c", shown], env=told, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == str([PASSIVE[name] for name in sorted(PASSIVE)])


def test_few_values_are_worth_one_thread_and_many_all_idle_cores(machine: Path) -> None:
    assert threads.worth_threads(0) == 1
    assert threads.worth_threads(VALUES_EACH) == 1
    assert threads.worth_threads(3 * VALUES_EACH) == 3
    assert threads.worth_threads(100 * VALUES_EACH) == 8


@pytest.mark.parametrize(("running", "expected"), [(1, 8), (4, 5), (8, 1), (40, 1)])
def test_cores_that_others_use_are_left_to_them(running: int, expected: int, machine: Path) -> None:
    machine.write_text(f"0.00 0.00 0.00 {running}/300 4711\n")

    assert threads.worth_threads(100 * VALUES_EACH) == expected


def test_a_system_that_does_not_tell_counts_as_idle(machine: Path) -> None:
    machine.unlink()

    assert idle_cores() == 8


@pytest.mark.parametrize(
    ("asked", "expected"), [("3", 3), ("2,1", 2), ("0", 1), ("99", 8), ("", 8)]
)
def test_no_more_cores_are_used_than_the_environment_allows(
    asked: str, expected: int, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)

    assert usable_cores() == expected
