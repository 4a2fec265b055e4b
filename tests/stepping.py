"""A model that learns in steps and keeps exact checkpoints, for tests that kill what trains it."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from light_run import beside_light

CODE = """
import hashlib, json, os, signal, time
from dataclasses import dataclass, field
from pathlib import Path

import mlfw
from mlfw.files import write_json

class Constant(mlfw.Predictor):
    def __init__(self, schema, share):
        self.schema, self.share = schema, share

    def predict(self, rows):
        probabilities = [[1 - self.share, self.share]] * rows.num_rows
        return mlfw.predictions_table(self.schema, probabilities)

    def save(self, folder):
        write_json(folder / "share.json", self.share)

@dataclass(kw_only=True)
class Steps(mlfw.Model):
    '''A share that follows from every step, of which each is a checkpoint.'''

    share: float = field(default=0.3, metadata=mlfw.search(0.1, 0.9))
    steps: int = 5
    seconds: float = 0.02

    def fit(self, data, context):
        file = context.folder / "state.json"
        state = json.loads(file.read_text()) if file.exists() else {"step": 0, "share": self.share}
        while state["step"] < self.steps:
            text = repr([state, data.train.num_rows, context.seed])
            part = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32
            state = {"step": state["step"] + 1, "share": 0.9 * state["share"] + 0.1 * part}
            write_json(file, state)
            with open(os.environ["STEPS"], "a") as log:
                log.write(f"{context.folder.name} {self.share} {state['step']}\\n")
            context.report(state["step"], {"share": state["share"]})
            time.sleep(self.seconds)
            if context.stopping():
                raise mlfw.StopRequested
            if context.final and os.environ.get("END_FIT"):
                if not Path(os.environ["END_FIT"]).exists():
                    Path(os.environ["END_FIT"]).touch()
                    os.kill(os.getpid(), signal.SIGKILL)
        return Constant(data.schema, state["share"])

    def load(self, folder, schema):
        return Constant(schema, json.loads((folder / "share.json").read_text()))

@mlfw.hookimpl
def mlfw_models():
    return {"steps": Steps}
"""
RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "split.folds=2",
       "model=steps", "metrics=[brier]", "tuner=random", "tuner.trials=6",
       "tuner.batch=3", "run.dir=run")  # fmt: skip


def stepping_site(folder: Path) -> str:
    """Lay out the plugins, and return the folders for PYTHONPATH."""
    return beside_light(folder, "stepping", CODE)


def outcome(run: Path) -> dict[str, Any]:
    """Return what a run has come to, without the times that it took."""

    def timeless(path: Path) -> Any:
        content = json.loads(path.read_text())
        for key in ("seconds", "fingerprint"):
            content.pop(key, None)
        return content

    parts = [*sorted(run.glob("trials/*.json")), *sorted(run.glob("folds/*.json"))]
    return {
        "parts": [timeless(path) for path in parts],
        "tuning": timeless(run / "tuning.json"),
        "metrics": timeless(run / "metrics.json"),
        "model": (run / "model/share.json").read_bytes(),
        "epochs": [each["values"] for each in timeless(run / "training.json")["epochs"]],
    }


def marked(mark: str) -> list[int]:
    """Return the processes that have a text in their environment, in no order."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def workers_of(mark: str) -> list[int]:
    """Return the worker processes among them."""
    found = []
    for pid in marked(mark):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"mlfw.worker" in command:
            found.append(pid)
    return sorted(found)


def wait_until_gone(mark: str, seconds: float) -> list[int]:
    """Wait for the end of marked processes; return those that are left."""
    until = time.monotonic() + seconds
    while (left := marked(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def kill(pid: int) -> None:
    """Kill a process that may have ended by itself."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
