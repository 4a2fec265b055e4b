"""SIGTERM: a request to save and end, which clusters send before they take a machine away."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mlfw.errors import StopRequested

SECONDS_TO_SAVE = 25.0


class StopSignal:
    """Whether a run was asked to end, and how it does.

    A training that asks after every step is left to save at the step's end. Everything else is
    interrupted at once, as a run continues from what it has finished. Whatever takes too long is
    ended as a kill would end it, which loses nothing that was saved before.

    Args:
        seconds: How long the process may go on after the signal.
    """

    def __init__(self, seconds: float = SECONDS_TO_SAVE) -> None:
        self._seconds = seconds
        self._requested = False
        self._is_asked = False
        self._ended = threading.Event()

    def asked(self) -> bool:
        """Return whether to save and end; from now on, whoever asks ends by itself."""
        self._is_asked = True
        return self._requested

    def part_ended(self) -> None:
        """Take note that a part of the run has ended, and with it whoever asked.

        Raises:
            StopRequested: The run was asked to end meanwhile.
        """
        self._is_asked = False
        if self._requested:
            raise StopRequested

    @contextmanager
    def listening(self) -> Iterator[StopSignal]:
        """Take SIGTERM as a request to stop within the block, in the main thread."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        threading.Thread(target=self._end_in_time, args=(reader,), daemon=True).start()
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        handler = signal.signal(signal.SIGTERM, self._receive)
        os.register_at_fork(
            before=lambda: self._block(signal.SIG_BLOCK),
            after_in_parent=lambda: self._block(signal.SIG_UNBLOCK),
            after_in_child=self._forget,
        )
        try:
            yield self
        finally:
            self._ended.set()
            signal.signal(signal.SIGTERM, handler)
            signal.set_wakeup_fd(wakeup)
            os.close(writer)

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first, self._requested = not self._requested, True
        if first and not self._is_asked:
            raise StopRequested

    def _end_in_time(self, reader: int) -> None:
        """End the process some time after the signal, also when it is deep in foreign code.

        Python's handlers wait for such code to return; the wakeup descriptor does not.
        """
        with os.fdopen(reader, "rb", buffering=0) as signals:
            while received := signals.read(1):
                if received[0] == signal.SIGTERM and not self._ended.wait(self._seconds):
                    os._exit(StopRequested.exit_code)

    def _block(self, how: int) -> None:
        """Hold SIGTERM back while the process forks: a child's would be taken for the parent's."""
        if not self._ended.is_set():
            signal.pthread_sigmask(how, [signal.SIGTERM])

    def _forget(self) -> None:
        """Let SIGTERM end a forked process, whose signals are not the run's."""
        if not self._ended.is_set():
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
