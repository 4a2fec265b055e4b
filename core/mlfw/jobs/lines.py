"""Messages between processes: one JSON object a line, over a pipe."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from io import BufferedReader, BufferedWriter
from typing import Any

Message = dict[str, Any]
BEAT_SECONDS = 1.0


class LineWriter:
    """Writes messages, from any thread; what nobody reads any more is dropped."""

    def __init__(self, file: BufferedWriter) -> None:
        self._file = file
        self._lock = threading.Lock()

    def send(self, **message: Any) -> bool:
        """Write a message and return whether somebody may still read it.

        Raises:
            TypeError: It is no JSON data.
        """
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            try:
                self._file.write(line)
                self._file.flush()
            except (OSError, ValueError):
                return False
        return True

    def beat(self) -> None:
        """Send an empty message every second, for ever: it says that this process lives."""
        while self.send():
            time.sleep(BEAT_SECONDS)


class LineReader:
    """Reads messages in a thread of its own, until the other side closes the pipe or dies.

    Args:
        file: The pipe.
        receive: Called with each message, and with None at the end.
    """

    def __init__(self, file: BufferedReader, receive: Callable[[Message | None], None]) -> None:
        self._file = file
        self._receive = receive
        self._thread = threading.Thread(target=self._read, name="mlfw-messages", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until all has been read, but no longer than some seconds."""
        self._thread.join(seconds)

    def _read(self) -> None:
        try:
            with self._file:
                for line in self._file:
                    message = parsed(line)
                    if message is not None:
                        self._receive(message)
        except (OSError, ValueError):
            pass  # the pipe is of no use any more
        finally:
            self._receive(None)


def parsed(line: bytes) -> Message | None:
    """Return a line's message; None where it was torn, as of a process that was killed there."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
