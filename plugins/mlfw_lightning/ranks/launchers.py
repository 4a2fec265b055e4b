"""How this process was started beside others, as each launcher tells in the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import UserError

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

Environment = Mapping[str, str]
DEFAULT_PORT = 29500
LOOPBACK = "127.0.0.1"
# Ports that few services use; jobs on one machine get different ones.
SLURM_PORTS = range(20_000, 32_000)
# What launchers say to a process, and what would mislead libraries in one that it starts.
LAUNCHER_VARIABLES = re.compile(
    r"(SLURM_|TORCHELASTIC_).*|((GROUP|ROLE|LOCAL)_)?(RANK|WORLD_SIZE)|JOB_COMPLETION_INDEX"
)


@dataclass(frozen=True)
class Launch:
    """Which of the processes of one run this is.

    Attributes:
        launcher: What started it, for messages.
        node: The number of its machine.
        local: Its number among the processes that the launcher started on its machine.
        nodes: How many machines the launcher has; None where it does not say.
        a_node: How many processes it started on each machine.
        address: Where node 0 is reached.
        port: A free port there.
    """

    launcher: str = "no launcher"
    node: int = 0
    local: int = 0
    nodes: int | None = None
    a_node: int = 1
    address: str = LOOPBACK
    port: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the first of all."""
        return self.node == 0 and self.local == 0


def launch_of(options: LightningTrainer, environment: Environment) -> Launch:
    """Return how this process was started.

    Args:
        options: How many nodes and devices the configuration asks for.
        environment: The environment's variables.

    Raises:
        UserError: What the launcher says and what the configuration says contradict each other.
    """
    found = next((read for name, read in _LAUNCHERS.items() if name in environment), _plain)
    launch = found(environment, options.nodes)
    _check(launch, options)
    # Processes that a launcher started on one machine need no address that others reach.
    return replace(launch, address=LOOPBACK) if options.nodes == 1 else launch


def own_environment(environment: Environment) -> dict[str, str]:
    """Return an environment without what a launcher has said to this process alone."""
    return {
        name: value for name, value in environment.items() if not LAUNCHER_VARIABLES.fullmatch(name)
    }


def _torchrun(environment: Environment, nodes: int) -> Launch:  # noqa: ARG001
    return Launch(
        launcher="torchrun",
        node=_number(environment, "GROUP_RANK"),
        local=_number(environment, "LOCAL_RANK"),
        nodes=_number(environment, "GROUP_WORLD_SIZE"),
        a_node=_number(environment, "LOCAL_WORLD_SIZE"),
        address=environment["MASTER_ADDR"],
        port=_number(environment, "MASTER_PORT") + 1,  # that port is torchrun's own
    )


def _slurm(environment: Environment, nodes: int) -> Launch:
    count = _number(environment, "SLURM_STEP_NUM_NODES", "SLURM_NNODES")
    tasks = _number(environment, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")
    if tasks == 1 and nodes == 1:
        return Launch("Slurm")
    listed = environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST", "")
    job, step = (_number(environment, f"SLURM_{name}_ID") for name in ("JOB", "STEP"))
    port = SLURM_PORTS[(job * 7 + step) % len(SLURM_PORTS)]
    return Launch(
        launcher="Slurm",
        node=_number(environment, "SLURM_NODEID"),
        local=_number(environment, "SLURM_LOCALID"),
        nodes=count,
        a_node=tasks // count,
        address=environment.get("MASTER_ADDR") or first_host(listed),
        port=_number(environment, "MASTER_PORT", default=port),
    )


def _kubernetes(environment: Environment, nodes: int) -> Launch:
    if nodes == 1 and "MASTER_ADDR" not in environment:
        return Launch("a Kubernetes Job")  # each of its pods has a run of its own
    return _told("JOB_COMPLETION_INDEX", "a Kubernetes Job", environment)


def _plain(environment: Environment, nodes: int) -> Launch:
    if nodes == 1 and environment.get("NODE_RANK", "0") in ("", "0"):
        return Launch()
    return _told("NODE_RANK", "NODE_RANK", environment)


def _told(number: str, launcher: str, environment: Environment) -> Launch:
    missing = [name for name in (number, "MASTER_ADDR") if not environment.get(name)]
    if missing:
        raise UserError(
            f"trainer.nodes: this is one of several nodes, and {' and '.join(missing)} not set in "
            "the environment.",
            "Start one process on each node by torchrun, Slurm or a Kubernetes indexed Job, or "
            "set NODE_RANK to 0, 1, ..., MASTER_ADDR to the address of node 0 and MASTER_PORT to "
            "a free port of it.",
        )
    return Launch(
        launcher=launcher,
        node=_number(environment, number),
        address=environment["MASTER_ADDR"],
        port=_number(environment, "MASTER_PORT", default=DEFAULT_PORT),
    )


# By the variable that tells that it was this launcher; the innermost first.
_LAUNCHERS: dict[str, Callable[[Environment, int], Launch]] = {
    "TORCHELASTIC_RUN_ID": _torchrun,
    "SLURM_STEP_ID": _slurm,
    "JOB_COMPLETION_INDEX": _kubernetes,
}


def _check(launch: Launch, options: LightningTrainer) -> None:
    if launch.nodes is not None and launch.nodes != options.nodes:
        raise UserError(
            f"trainer.nodes={options.nodes}, but {launch.launcher} has started this run on "
            f"{launch.nodes} nodes.",
            f"Set trainer.nodes={launch.nodes}, or start it on {options.nodes}.",
        )
    if launch.node >= options.nodes:
        raise UserError(
            f"trainer.nodes={options.nodes}, but by {launch.launcher} this is node {launch.node}, "
            "counted from 0.",
            f"Set trainer.nodes to {launch.node + 1} or more, or start fewer.",
        )
    if launch.a_node not in (1, options.devices):
        raise UserError(
            f"trainer.devices={options.devices}, but {launch.launcher} has started "
            f"{launch.a_node} processes on each node.",
            f"Let it start one process on each node, which is enough, or set "
            f"trainer.devices={launch.a_node}.",
        )


def first_host(nodes: str) -> str:
    """Return the first machine of a list as Slurm writes it, such as `gpu[003-005,9],login1`.

    Raises:
        UserError: There is none.
    """
    first = re.match(r"([^,\[]|\[[^\]]*\])+", nodes)
    if first is None:
        raise UserError(
            f"SLURM_JOB_NODELIST='{nodes}': expected the names of machines.",
            "Set MASTER_ADDR to the address of the first.",
        )
    return re.sub(r"\[([^\],-]*)[^\]]*\]", r"\1", first[0])


def _number(environment: Environment, *names: str, default: int | None = None) -> int:
    """Return the first of some variables that is set, as a number."""
    for name in names:
        text = environment.get(name, "")
        if text.isascii() and text.isdigit():
            return int(text)
        if text:
            raise UserError(f"{name}={text}: expected a number from 0.")
    if default is None:
        raise UserError(f"{names[0]}: not set in the environment, where a number was expected.")
    return default
