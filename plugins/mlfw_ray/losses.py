"""How workers of a cluster are lost, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ray import exceptions

from mlfw import UserError
from mlfw.hints import install

MISSING = re.compile(r"ModuleNotFoundError: No module named '(mlfw\w*)")


@dataclass(frozen=True)
class Loss:
    """A worker is lost.

    Attributes:
        problem: How, as a sentence without its end.
        host: The machine that it was on; empty if that is not known.
        out_of_memory: Whether memory ran out there.
    """

    problem: str
    host: str = ""
    out_of_memory: bool = False


def loss_of(error: exceptions.RayError, host: str) -> Loss:
    """Return what an error of Ray says of a worker.

    Args:
        error: The error that a call of the worker has raised.
        host: The machine that it was on; empty if that is not known.

    Raises:
        UserError: Workers cannot run there, so that another one would not help.
    """
    text = str(error)
    missing = MISSING.search(text)
    if missing:
        raise UserError(
            f"executor=ray: a machine of the cluster has no package {missing[1]}.",
            f"Install there what is installed here: {install('mlfw[ray]')}",
        )
    if isinstance(error, exceptions.OutOfMemoryError):
        return Loss("the worker was ended as memory ran out on its machine", host, True)
    if isinstance(error, exceptions.NodeDiedError) or "node has died" in text:
        return Loss("the machine has left the cluster", host)
    if isinstance(error, exceptions.RayTaskError):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return Loss(f"the worker failed: {lines[-1] if lines else error}", host)
    if isinstance(error, exceptions.RayActorError):
        return Loss("the worker was killed or has crashed", host)
    return Loss(f"the worker cannot be reached: {type(error).__name__}", host)
