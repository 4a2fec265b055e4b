"""What the tests of launch files share: a run that is small, and looking at what came of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conftest import ROOT, environment

DEPLOY = ROOT / "deploy"
RUN = ("dataset=sklearn", "dataset.name=wine", "run.name=shared", "trainer.accelerator=cpu")
# A tree needs no ranks: that the processes find each other and end together shows all the same.
MODELS = pytest.mark.parametrize(
    "model",
    [
        ("model=tree",),
        pytest.param(("model=mlp", "trainer.epochs=3"), marks=pytest.mark.slow),
    ],
    ids=["tree", "mlp"],
)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(command: Sequence[object], folder: Path, **changes: str) -> subprocess.Popen[str]:
    """Start a command that finds this Python's `mlfw` and `python`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=folder,
        env=environment(**{"PATH": path, **changes}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def check_one_run(processes: Sequence[subprocess.Popen[str]], folder: Path) -> str:
    """Check that all end well and that there is one finished run; return what they said."""
    said = [process.communicate(timeout=280)[0] for process in processes]
    for process, text in zip(processes, said, strict=True):
        assert process.returncode == 0, text
    assert [path.name for path in (folder / "runs").iterdir()] == ["shared"]
    assert '"state": "finished"' in (folder / "runs/shared/run.json").read_text()
    text = "".join(said)
    assert text.count("predicting target") == 1, text
    assert text.count("this process took part in its training") == 1, text
    return text
