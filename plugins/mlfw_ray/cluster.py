"""The Ray that jobs run on: joined where there is one, or started for the run and ended with it."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.hints import install, override
from mlfw.threads import usable_cores
from mlfw_ray.addresses import AUTO, VARIABLE, chosen_address
from mlfw_ray.guard import MARK, Guard

if TYPE_CHECKING:
    from mlfw_ray.executor import RayExecutor

CONNECT_SECONDS = 60.0
STORE_BYTES = 80 * 2**20  # jobs are short texts
# Ray reads these when it is imported or started. Its messages would disturb the display: what
# concerns the user is said by mlfw.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
# Without clusters, as Ray calls it on desktop systems, it listens on the loopback interface.
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster.

    Attributes:
        id: Ray's identifier.
        host: Its name.
        cpus: Number of cores that Ray gives to jobs.
        gpus: Number of GPUs.
        memory: Bytes that Ray gives to jobs.
    """

    id: str
    host: str
    cpus: float
    gpus: float
    memory: float


class Cluster:
    """A Ray that this process is connected to.

    Args:
        guard: Ends it, if this process has started it.
        owned: Whether this process has connected to it, and is to disconnect.
    """

    def __init__(self, guard: Guard | None, *, owned: bool) -> None:
        import ray

        self._guard = guard
        self._owned = owned
        self.home: str = ray.get_runtime_context().get_node_id()

    @property
    def is_local(self) -> bool:
        """Whether this process has started it."""
        return self._guard is not None

    def nodes(self) -> list[Node]:
        """Return the machines that are up."""
        import ray

        found = []
        for node in ray.nodes():
            if node["Alive"]:
                has = node["Resources"]
                cpus, gpus = has.get("CPU", 0.0), has.get("GPU", 0.0)
                host = node["NodeManagerHostname"]
                found.append(Node(node["NodeID"], host, cpus, gpus, has.get("memory", 0.0)))
        return found

    def close(self) -> None:
        """Disconnect; end Ray where this process has started it."""
        import ray

        if self._owned:
            with _signals_kept():
                ray.shutdown()
        if self._guard is not None:
            self._guard.close()


def join(options: RayExecutor, note: Callable[[str], None]) -> Cluster:
    """Connect to the cluster that is configured, or start a Ray on this machine.

    Args:
        options: The executor's configuration.
        note: Told where the cluster's dashboard is.

    Raises:
        UserError: The cluster cannot be reached or does not match this machine.
    """
    with _environment(SETTINGS | _privacy(options)):
        import ray

        if ray.is_initialized():  # in a worker, or by the program that called mlfw
            return Cluster(None, owned=False)
        address = chosen_address(options.address)
        if not address:
            return _start(options)
        place = "executor.address" if options.address else VARIABLE
        context = _in_time(lambda: _connect(address), f"{place}={address}")
    if context.dashboard_url:
        note(f"Ray's dashboard: http://{context.dashboard_url}")
    return Cluster(None, owned=True)


def _start(options: RayExecutor) -> Cluster:
    """Start a Ray that only this machine and this user reach."""
    import ray

    wanted = int((options.workers or 0) * (options.cpus or 1))
    mark = secrets.token_hex(8)
    guard = Guard(mark)
    with _environment({MARK: mark, VARIABLE: ""}), _signals_kept():
        try:
            context = ray.init(
                "local",
                num_cpus=max(usable_cores(), wanted),
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            guard.close()
            raise UserError(
                f"executor=ray: Ray could not be started: {_first_line(error)}",
                "Its log is in the newest folder of /tmp/ray; "
                f"{override('executor', 'local')} needs no Ray.",
            ) from None
    guard.remove(context.address_info["session_dir"])
    return Cluster(guard, owned=True)


def _connect(address: str) -> Any:
    import ray

    return ray.init(address, log_to_driver=False, logging_level=logging.ERROR)


def _in_time(connect: Callable[[], Any], place: str) -> Any:
    """Return what `connect` returns; Ray itself may wait for ever.

    Raises:
        UserError: It takes too long, or Ray refuses.
    """
    import ray

    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(connect())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="mlfw-ray-connect", daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if results:
        return results[0]
    if not errors:
        raise UserError(
            f"{place}: what answers there has not let this machine join within "
            f"{CONNECT_SECONDS:g} s.",
            "`ray status --address HOST:PORT` shows whether it is a Ray cluster.",
        )
    error = errors[0]
    text = str(error)
    if "Version mismatch" in text:
        raise UserError(f"{place}: {_versions(text)}", _same_versions(text)) from None
    if isinstance(error, ray.exceptions.AuthenticationError) or "uthenticat" in text:
        raise UserError(
            f"{place}: the cluster asks for another token: {_first_line(error)}",
            "Type: export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=... with what "
            "`ray get-auth-token` prints on the cluster's head node.",
        ) from None
    if isinstance(error, ConnectionError | RuntimeError | ValueError | ray.exceptions.RayError):
        raise UserError(
            f"{place}: {_first_line(error)}",
            "Run the command on a machine of the cluster, where `ray status` shows it, with "
            f"{override('executor.address', AUTO)}, or submit it with `ray job submit`.",
        ) from None
    raise error


def _versions(text: str) -> str:
    """Return which versions differ, on one line of Ray's own words."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines)


def _same_versions(text: str) -> str:
    """Return how to have the versions of the cluster here."""
    words = text.split()
    ray = [word for before, word in pairwise(words) if before == "Ray:"]
    python = [word for before, word in pairwise(words) if before == "Python:"]
    if len(ray) == 2 and ray[0] != ray[1]:
        return f"Type here: {install(f'ray=={ray[0]}')}, or install Ray {ray[1]} on the cluster."
    if len(python) == 2 and python[0] != python[1]:
        return f"Use Python {python[0]} here, or Python {python[1]} on the cluster."
    return "Use the same versions of Ray and Python here and on the cluster."


def _privacy(options: RayExecutor) -> dict[str, str]:
    """Return what keeps a local Ray to this user: the loopback interface, and a token.

    Ray reads these when it is imported. Where a program has imported it before, Ray takes the token
    in the user's home, and makes one if need be.
    """
    if chosen_address(options.address) or "ray" in sys.modules:
        return {}
    loopback = {LOOPBACK: "0"}
    if "RAY_AUTH_MODE" in os.environ:
        return loopback
    known = any(os.environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    token = {} if known else {"RAY_AUTH_TOKEN": _token()}
    return loopback | token | {"RAY_AUTH_MODE": "token"}


@cache
def _token() -> str:
    """Return the token of this process's local Rays; Ray reads it only once."""
    return secrets.token_hex(32)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables within the block that are not set, or that are to be taken away if empty."""
    before = dict(os.environ)
    for name, value in values.items():
        if value:
            os.environ.setdefault(name, value)
        else:
            os.environ.pop(name, None)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Give signals that Ray takes in the block back to whoever had them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            with suppress(TypeError, ValueError):
                signal.signal(number, handler)
