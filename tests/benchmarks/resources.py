"""Run a Python module or script, and tell what that took: seconds, CPU seconds, peak memory.

Run as `python resources.py REPORT MODULE_OR_SCRIPT ARGUMENTS...`; writes the report as JSON. The
peak is `VmHWM`, as the maximum that `getrusage` tells begins at what the parent process had.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Used:
    """What a command used.

    Attributes:
        seconds: From its start to its end, imports included.
        cpu: Seconds of processor time.
        megabytes: The most memory it had.
    """

    seconds: float
    cpu: float
    megabytes: float


def used(*command: object, folder: Path | None = None) -> Used:
    """Return what a Python module or script with its arguments uses; it must succeed.

    Args:
        command: The module or script, and its arguments.
        folder: Where it runs.
    """
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report.json"
        start = time.perf_counter()
        words = [sys.executable, __file__, str(report), *map(str, command)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr}")
        told = json.loads(report.read_text())
    return Used(seconds, told["cpu"], told["megabytes"])


def _run(report: str, what: str, *arguments: str) -> None:
    sys.argv = [what, *arguments]
    sys.path[0] = ""
    try:
        if what.endswith(".py"):
            runpy.run_path(what, run_name="__main__")
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise
    peak = int(STATUS.read_text().partition("VmHWM:")[2].split()[0])
    told = {"cpu": time.process_time(), "megabytes": peak / 1024}
    Path(report).write_text(json.dumps(told))


if __name__ == "__main__":
    _run(*sys.argv[1:])
