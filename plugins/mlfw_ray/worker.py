"""What runs on the cluster: a worker that runs one job after the other, and looks at others.

All that passes between a worker and the run are texts in JSON. Two groups of threads answer calls:
one runs jobs, the other tells how they go, so that a job in the middle of work is still heard.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlfw
from mlfw.jobs.liveness import activity
from mlfw.jobs.logs import forward_logs
from mlfw.jobs.perform import perform
from mlfw.plugins import load_plugins
from mlfw.plugins.manager import Plugins
from mlfw.threads import VARIABLES

CONTROL = "control"
RESULT, STOPPED = "result", "stopped"
# Messages that come within such a time travel together.
COLLECT_SECONDS = 0.1


class Worker:
    """Runs jobs on one node, one at a time; `mlfw_ray.remote` calls it from elsewhere.

    Args:
        told: As JSON: `path` to find packages on, `environment` to set, `packages` that may be
            imported, `threads` to compute with, the run's `folder`, the name of a `probe` file in
            it, and the executor's `options` for jobs that start others.
    """

    def __init__(self, told: str) -> None:
        content = json.loads(told)
        self._threads: int = content["threads"]
        os.environ.update(content["environment"])
        os.environ.update(dict.fromkeys(VARIABLES, str(self._threads)))
        sys.path[:] = [entry for entry in sys.path if _is_package_folder(entry, content["cwd"])]
        _limit_loaded_libraries(self._threads)
        self._content = content
        self._lock = threading.Condition()
        self._messages: list[dict[str, Any]] = []
        self._number = 0
        self._is_over = False
        self._stop = threading.Event()
        self._asks = False
        self._kept: dict[str, Any] = {}
        self._plugins: Plugins | None = None
        self._workers: mlfw.Workers | None = None
        forward_logs(self._log)

    def facts(self) -> str:
        """Return where this worker is, and whether it sees the run's folder."""
        import ray

        context = ray.get_runtime_context()
        facts = {
            "host": platform.node(),
            "pid": os.getpid(),
            "node": context.get_node_id(),
            "version": mlfw.__version__,
            "sees": self._sees_folder(),
        }
        return json.dumps(facts)

    def run(self, number: int, job: str, rank: str) -> str:
        """Run a job; return its result, or that it was stopped.

        Args:
            number: The number of the call, as `hear` is told it.
            job: The job.
            rank: Its place among others.
        """
        with self._lock:
            self._number, self._is_over, self._asks = number, False, False
            self._lock.notify_all()
        try:
            return json.dumps(self._run(mlfw.Job(**json.loads(job)), mlfw.Rank(**json.loads(rank))))
        finally:
            with self._lock:
                self._is_over = True
                self._lock.notify_all()

    def hear(self, number: int, seconds: float) -> str:
        """Return what a job has told since the last call: at once, or when there is something.

        Args:
            number: The number of the job's call.
            seconds: How long to wait for something to tell.
        """
        with self._lock:
            self._lock.wait_for(lambda: self._number == number, seconds)
            if self._number != number:
                return json.dumps({"begun": False, "over": False, "messages": []})
            self._lock.wait_for(lambda: self._messages or self._is_over, seconds)
            if self._messages:
                self._lock.wait_for(lambda: self._is_over, COLLECT_SECONDS)
            messages, self._messages = self._messages, []
            return json.dumps({"begun": True, "over": self._is_over, "messages": messages})

    def stop(self) -> str:
        """Ask the job to save and end; return whether it will notice."""
        self._stop.set()
        return json.dumps(self._asks)

    def meeting(self, *, one_node: bool) -> str:
        """Return where the ranks of a training meet: here, or in a file that only they see.

        Args:
            one_node: Whether all of them are on this node.
        """
        if one_node:
            return (Path(tempfile.mkdtemp(prefix="mlfw-ranks-")) / "store").as_uri()
        import ray

        address: str = ray.util.get_node_ip_address()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as free:
            free.bind((address, 0))
            port = free.getsockname()[1]
        return f"tcp://[{address}]:{port}" if ":" in address else f"tcp://{address}:{port}"

    def join(self, told: str) -> str:
        """Get ready to meet others.

        Args:
            told: As JSON: variables of the environment to set.
        """
        os.environ.update(json.loads(told))
        return ""

    def leave(self, meeting: str) -> str:
        """Remove the file at which ranks have met, if it was one."""
        if meeting.startswith("file://"):
            shutil.rmtree(Path(meeting.removeprefix("file://")).parent, ignore_errors=True)
        return ""

    def _run(self, job: mlfw.Job, rank: mlfw.Rank) -> dict[str, Any]:
        if self._plugins is None:
            self._plugins = load_plugins()
        context = mlfw.JobContext(
            workers=self._nested(),
            tell=lambda message: self._add(told=dict(message)),
            stopping=self._is_stopping,
            imports=mlfw.Imports.of(self._content["packages"]),
            threads=self._threads,
            rank=rank,
            kept=self._kept,
        )
        try:
            return {RESULT: perform(job, context, self._plugins.registry.job).to_json()}
        except mlfw.StopRequested:
            return {STOPPED: True}

    def _nested(self) -> mlfw.Workers:
        """Return workers for jobs that a job starts, which this one's end ends."""
        if self._workers is None:
            from mlfw_ray.executor import RayExecutor
            from mlfw_ray.workers import RayWorkers

            assert self._plugins is not None
            setup = mlfw.JobSetup(
                find=self._plugins.registry.job,
                imports=mlfw.Imports.of(self._content["packages"]),
                folder=Path(self._content["folder"]) if self._content["folder"] else None,
                kept=self._kept,
            )
            self._workers = RayWorkers(
                RayExecutor(**self._content["options"]), setup, inside=self._threads
            )
        return self._workers

    def _is_stopping(self) -> bool:
        self._asks = True
        return self._stop.is_set()

    def _log(self, record: Mapping[str, Any]) -> None:
        self._add(log=dict(record))

    def _add(self, **message: Any) -> None:
        json.dumps(message)  # an error belongs to who tells it
        with self._lock:
            self._messages.append(message)
            self._lock.notify_all()

    def _sees_folder(self) -> bool:
        folder, probe = self._content["folder"], self._content["probe"]
        return not probe or Path(folder, probe).is_file()


def look(pid: int) -> str:
    """Return the state of a process of this node and how long it has computed, as JSON.

    Args:
        pid: The process.
    """
    return json.dumps(activity(pid))


def _is_package_folder(entry: str, cwd: str) -> bool:
    """Return whether an entry of the search path is not merely the folder of the run's command."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return entry in given or (entry not in ("", ".") and Path(entry) != Path(cwd))


def _limit_loaded_libraries(threads: int) -> None:
    """Limit libraries that Ray has loaded already, and that so have read no variable of ours."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    threadpool_limits(threads)
