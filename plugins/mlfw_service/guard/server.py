"""Running uvicorn for an application of the service."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from mlfw_service.guard.guard import service_state
from mlfw_service.guard.lifespan import STARTUP_FAILURE
from mlfw_service.guard.protocol import GuardedProtocol

if TYPE_CHECKING:
    from mlfw_service.asgi import App
    from mlfw_service.guard.state import ServiceState
    from mlfw_service.options import ServiceOptions

GRACE = 5  # seconds for connections to close after the last answer


def run_server(
    make_app: Callable[[ServiceState], App], address: socket, options: ServiceOptions
) -> int:
    """Serve from this process until SIGINT or SIGTERM.

    Args:
        make_app: Returns the application, given the state of the process.
        address: A bound socket; it is closed at the end.
        options: How the service is run.

    Returns:
        The exit status.

    Raises:
        UserError: A model cannot be loaded, or whatever else loading it raises.
    """
    state = service_state(options)
    server = uvicorn.Server(_config(make_app(state), options))

    def end() -> None:
        server.should_exit = True

    state.failed = end
    with address, orderly_end():
        try:
            server.run(sockets=[address])
        except KeyboardInterrupt:
            return 0
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
    if state.failure is not None:
        raise state.failure
    return 0


def run_workers(app: str, address: socket, options: ServiceOptions) -> int:
    """Serve from several processes until SIGINT or SIGTERM.

    Args:
        app: Where each process finds a function that returns its application: `module:function`.
        address: A bound socket, which the processes share; it is closed at the end.
        options: How the service is run.

    Returns:
        The exit status: 1 where a process could not load its models, which it has said.
    """
    config = _config(app, options, factory=True, workers=options.workers)
    with address, orderly_end():
        address.set_inheritable(True)
        kind = ReloadingWorkers if options.reload else Multiprocess
        supervisor = kind(config, sockets=[address])
        try:
            supervisor.run()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return 1 if failed else 0


class ReloadingWorkers(Multiprocess):
    """Processes that take over new versions of their models by themselves."""

    def handle_hup(self) -> None:
        """Tell every process to look at once; uvicorn would start all of them anew, unchecked."""
        for process in self.processes:
            if process.pid is not None:
                os.kill(process.pid, signal.SIGHUP)


def _config(app: Any, options: ServiceOptions, **further: Any) -> uvicorn.Config:
    # What clients send wrongly is their business; it would fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(options.timeout) + GRACE,
        **further,
    )


@contextmanager
def orderly_end() -> Iterator[None]:
    """Have SIGTERM leave through every `with` of the block; the server hands it on at its end."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
