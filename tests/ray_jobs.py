"""A local Ray for tests, with a plugin of jobs that its workers find."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import mlfw
from made_jobs import JOBS
from plugin_folder import write_plugin

MORE = '''
def place(job, context):
    """Return which rank this is, after all have met."""
    rank = context.rank
    return [rank.rank, rank.world, rank.local_rank, rank.meeting.partition("://")[0]]

def nested(job, context):
    """Start jobs together, and return what comes of them."""
    jobs = [mlfw.Job("place", {}, job.folder, f"rank {n}") for n in range(job.arguments["ranks"])]
    results = context.workers.together(jobs, mlfw.Resources(), mlfw.Watch())
    return [result.result() for result in results]

def compute(job, context):
    """Use a core for some seconds."""
    end = time.process_time() + job.arguments["seconds"]
    while time.process_time() < end:
        sum(range(1000))

def fill(job, context):
    """Take ever more memory."""
    kept = []
    while True:
        kept.append(bytearray(50_000_000))
        time.sleep(0.02)

@mlfw.hookimpl
def mlfw_jobs():
    names = ["echo", "count", "tell", "wait", "busy", "crash", "refuse", "no_json", "place",
             "nested", "compute", "fill"]
    return {name: f"made_plugin:{name}" for name in names}
'''


@contextmanager
def jobs_plugin(folder: Path) -> Iterator[None]:
    """Let this process and those that it starts find the plugin."""
    site = write_plugin(folder, "made", JOBS + MORE)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(site)
        before = os.environ.get("PYTHONPATH")
        patched.setenv("PYTHONPATH", site if not before else f"{site}{os.pathsep}{before}")
        yield


class Heard(mlfw.Watch):
    """Keeps what it is told, and asks to stop once some files are there."""

    def __init__(self, *until: Path) -> None:
        self.started_on: list[tuple[str, str]] = []
        self.ended_jobs: list[str] = []
        self.messages: list[Mapping[str, Any]] = []
        self.notes: list[str] = []
        self.until = until

    def started(self, job: mlfw.Job, host: str) -> None:
        self.started_on.append((str(job), host))

    def told(self, job: mlfw.Job, message: Mapping[str, Any]) -> None:
        self.messages.append(message)

    def ended(self, job: mlfw.Job) -> None:
        self.ended_jobs.append(str(job))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def stopping(self) -> bool:
        return bool(self.until) and all(path.exists() for path in self.until)


def processes(text: str) -> dict[int, str]:
    """Return the processes with some text in their environment, and their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (entry / "environ").read_bytes():
                line = (entry / "cmdline").read_bytes()
                found[int(entry.name)] = line.replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found
