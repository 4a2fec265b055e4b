"""Messages from a rank to the process that started it: one JSON object a line, over a pipe."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from io import BufferedReader, BufferedWriter
from typing import Any

Message = dict[str, Any]

BEAT_SECONDS = 1.0
LONGEST_LINE = 1_000_000


class LineWriter:
    """Writes messages, from any thread; what nobody reads any more is dropped."""

    def __init__(self, file: BufferedWriter) -> None:
        self._file = file
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> bool:
        """Write a message and return whether somebody may still read it."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            try:
                self._file.write(line)
                self._file.flush()
            except (OSError, ValueError):
                return False
        return True

    def beat(self) -> None:
        """Send an empty message now and then, for ever: it tells that this process lives."""
        while self.send({}):
            time.sleep(BEAT_SECONDS)


class LineReader:
    """Reads messages in a thread of its own, once it is started.

    Attributes:
        heard: When the last one came, by `time.monotonic`.
        gone: Whether the other side has closed its end, which it does however it ends.
    """

    def __init__(self, file: BufferedReader, receive: Callable[[Message], None]) -> None:
        self.heard = time.monotonic()
        self.gone = False
        self._file = file
        self._receive = receive
        self._thread = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def silent(self) -> float:
        """For how many seconds nothing has come."""
        return time.monotonic() - self.heard

    def wait(self, seconds: float) -> None:
        """Wait until all has been read, but no longer than some seconds."""
        self._thread.join(seconds)

    def _read(self) -> None:
        try:
            while line := self._file.readline(LONGEST_LINE):
                self.heard = time.monotonic()
                if message := _parsed(line):
                    self._receive(message)
        except (OSError, ValueError, LookupError, TypeError):
            pass  # a rank that says what makes no sense is of no use either
        finally:
            self.gone = True


def _parsed(line: bytes) -> Message:
    """Return a line's message; empty where it is a beat, or none, as of a process killed there."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
