"""Signals that ask a run to save and end: Ctrl-C, SIGTERM of a cluster, a terminal that closes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from mlfw.components.trainer import untold
from mlfw.errors import StopRequested

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_SAVE = 25.0
# After which time code that has not let Python's handler run is taken for stuck.
SECONDS_TO_HEAR = 2.0


class StopSignal:
    """Whether a run was asked to end, and how it does.

    A training that asks after every step is left to save at the step's end. Everything else is
    interrupted at once, as a run continues from what it has finished. Further signals change
    nothing. Whatever takes too long is ended as a kill would end it, which loses nothing that was
    saved before.

    Args:
        seconds: How long the process may go on after the signal.

    Attributes:
        forced: Called with the reason before a process that takes too long is ended, in a thread
            of its own.
    """

    def __init__(self, seconds: float = SECONDS_TO_SAVE) -> None:
        self._seconds = seconds
        self._received: int | None = None
        self._is_asked = False
        self._heard = threading.Event()
        self._ended = threading.Event()
        self._before: dict[int, object] = {}
        self.forced: Callable[[StopRequested], None] = untold

    def asked(self) -> bool:
        """Return whether to save and end; from now on, whoever asks ends by itself."""
        self._is_asked = True
        return self._received is not None

    def part_ended(self) -> None:
        """Take note that a part of the run has ended, and with it whoever asked.

        Raises:
            StopRequested: The run was asked to end meanwhile.
        """
        self._is_asked = False
        if self._received is not None:
            raise StopRequested(number=self._received)

    @contextmanager
    def named(self, remedy: str = "") -> Iterator[None]:
        """Let a `StopRequested` of the block say which signal it was, and how to continue."""
        try:
            yield
        except StopRequested as error:
            if self._received is None:
                raise
            raise StopRequested(remedy=remedy, number=self._received) from error

    @contextmanager
    def listening(
        self, signals: Sequence[signal.Signals] = SIGNALS, *, ends: bool = True
    ) -> Iterator[StopSignal]:
        """Take signals as requests to stop within the block, in the main thread.

        Signals that the process ignores, as `nohup` has it ignore SIGHUP, stay ignored.

        Args:
            signals: Which ones.
            ends: Whether a signal is to end the process: it is ended where that takes too long
                after the signal, and further signals cannot disturb its end.
        """
        heeded = [number for number in signals if signal.getsignal(number) != signal.SIG_IGN]
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False) if ends else None
        threading.Thread(target=self._end_in_time, args=(reader, heeded), daemon=True).start()
        self._before = {number: signal.signal(number, self._receive) for number in heeded}
        os.register_at_fork(
            before=lambda: self._block(signal.SIG_BLOCK),
            after_in_parent=lambda: self._block(signal.SIG_UNBLOCK),
            after_in_child=self._forget,
        )
        try:
            yield self
        finally:
            if ends and self._received is not None:
                for number in heeded:
                    signal.signal(number, signal.SIG_IGN)
            else:
                self._ended.set()
                for ours, handler in self._before.items():
                    signal.signal(ours, handler)  # type: ignore[arg-type]
                if wakeup is not None:
                    signal.set_wakeup_fd(wakeup)
                os.close(writer)
            self.forced = untold

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first = self._received is None
        if first:
            self._received = number
        self._heard.set()
        if first and not self._is_asked:
            raise StopRequested(number=number)

    def _end_in_time(self, reader: int, heeded: Sequence[int]) -> None:
        """End the process some time after the signal, also when it is deep in foreign code.

        Python's handlers wait for such code to return; the wakeup descriptor does not.
        """
        with os.fdopen(reader, "rb", buffering=0) as signals:
            while received := signals.read(1):
                if received[0] in heeded and not self._ends_by_itself():
                    stopped = StopRequested(number=received[0])
                    forced = threading.Thread(target=self.forced, args=(stopped,), daemon=True)
                    forced.start()
                    forced.join(SECONDS_TO_HEAR)  # what it needs may be held by what is stuck
                    os._exit(stopped.exit_code)

    def _ends_by_itself(self) -> bool:
        """Wait for the end, but not for code that does not even hear; return whether it came."""
        saves = self._is_asked or self._heard.wait(min(SECONDS_TO_HEAR, self._seconds))
        return self._ended.wait(self._seconds if saves else 0)

    def _block(self, how: int) -> None:
        """Hold signals back while the process forks: a child's would be taken for the parent's."""
        if not self._ended.is_set():
            signal.pthread_sigmask(how, self._before)

    def _forget(self) -> None:
        """Let signals end a forked process: they are not the run's."""
        if not self._ended.is_set():
            signal.set_wakeup_fd(-1)
            for number in self._before:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._before)


@contextmanager
def interruptible() -> Iterator[StopSignal]:
    """Take Ctrl-C within the block as a request to stop, and end it with `KeyboardInterrupt`.

    That is how Python itself takes it. It is left to whoever else has taken it, and where this is
    not the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield StopSignal()
        return
    try:
        with StopSignal().listening([signal.SIGINT], ends=False) as stop:
            yield stop
    except StopRequested as error:
        raise KeyboardInterrupt(str(error)) from None
