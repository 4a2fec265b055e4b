"""One worker process, as the process sees it that started it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread

from mlfw.components import Imports, Job
from mlfw.jobs.lines import LineReader, Message
from mlfw.jobs.liveness import STOPPED, activity
from mlfw.threads import VARIABLES

logger = logging.getLogger("mlfw")


class WorkerProcess:
    """A worker: it runs one job at a time.

    Args:
        name: What log messages call it.
        threads: How many threads it computes with at first.
        gpu: The GPUs that it sees, as `CUDA_VISIBLE_DEVICES` names them; None for all.
        imports: From which packages it may import code.
        receive: Called with the worker and each of its messages, and with None when it has ended;
            in a thread of its own.

    Attributes:
        name: What log messages call it.
        threads: How many threads it computes with.
        gpu: The GPUs that it sees.
        frozen: Whether it is ended as it was frozen.
        pid: Its process, which leads a group of its own.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        gpu: str | None,
        imports: Imports,
        receive: Callable[[WorkerProcess, Message | None], None],
    ) -> None:
        self.name = name
        self.frozen = False
        self.threads = threads
        self.gpu = gpu
        self._last_line = ""
        self._active = time.monotonic()
        self._ticks: int | None = None
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                _command(writing),
                env=_environment(threads, gpu),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                process_group=0,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self.pid = self._process.pid
        self._output = Thread(target=self._log_output, name="mlfw-output", daemon=True)
        self._output.start()

        def received(message: Message | None) -> None:
            self._active, self._ticks = time.monotonic(), None
            if message != {}:
                receive(self, message)

        self._reader = LineReader(os.fdopen(reading, "rb"), received)
        self._send({"path": _search_path(), "packages": sorted(imports.packages)})

    def run(self, job: Job, threads: int) -> None:
        """Let it run a job with so many threads.

        What comes of it is a message with the key `result`.
        """
        self.wake()
        self.threads = threads
        self._send({"job": job.to_json(), "threads": threads})

    def wake(self) -> None:
        """Count its silence from now on, as after a pause of this process itself."""
        self._active, self._ticks = time.monotonic(), None

    def is_frozen(self, seconds: float) -> bool:
        """Return whether it has neither been heard of nor has computed for so long."""
        if time.monotonic() - self._active < seconds:
            return False
        found = activity(self.pid)
        if found is None or found[0] in STOPPED:
            return True
        if found[1] == self._ticks:
            return True
        # It computes in code that lets no other thread run, so its beats are missing.
        self._active, self._ticks = time.monotonic(), found[1]
        return False

    def ask_to_stop(self) -> None:
        """Ask it to save and end."""
        with suppress(OSError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> int:
        """End it with all processes that it has started; return its exit status."""
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        status = self._process.wait()
        self._reader.wait(1)
        self._output.join(1)
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        return status

    def wait(self, seconds: float) -> None:
        """Wait for its end, but no longer than some seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    @property
    def last_line(self) -> str:
        """What it has printed last."""
        return self._last_line

    def _send(self, content: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended, of which a message comes
            self._process.stdin.write(json.dumps(content).encode() + b"\n")
            self._process.stdin.flush()

    def _log_output(self) -> None:
        """Log what libraries print, and keep the last line."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                self._last_line = text or self._last_line
                logger.info("%s: %s", self.name, text)


def _command(channel: int) -> list[str]:
    # -P: the working folder is not searched for packages; -u: what is printed is logged at once.
    return [sys.executable, "-P", "-u", "-m", "mlfw.worker", str(channel)]


def _environment(threads: int, gpu: str | None) -> dict[str, str]:
    chosen = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
    return {**os.environ, **dict.fromkeys(VARIABLES, str(threads)), **chosen}


def _search_path() -> list[str]:
    """Return where this process finds packages, for the worker to find the same ones."""
    return [str(Path(entry).absolute()) if entry else str(Path.cwd()) for entry in sys.path]
