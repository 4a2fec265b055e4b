"""Which machines jobs are placed on, and how many run side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from mlfw import Resources, UserError
from mlfw.hints import override

if TYPE_CHECKING:
    from mlfw_ray.cluster import Cluster, Node
    from mlfw_ray.executor import RayExecutor
    from mlfw_ray.remote import Needs


@dataclass(frozen=True)
class Plan:
    """How jobs with the same needs run.

    Attributes:
        needs: What each worker takes.
        slots: How many jobs run side by side.
        strategy: Where workers are placed, as Ray's scheduling strategy; None anywhere.
    """

    needs: Needs
    slots: int
    strategy: Any = None


@dataclass(frozen=True)
class Places:
    """Where jobs run that are started together.

    Attributes:
        needs: What each worker takes.
        nodes: The machine of each, where nothing is set aside for it; empty to set aside.
        apart: Whether each is to be on a machine of its own.
    """

    needs: Needs
    nodes: Sequence[str] = ()
    apart: bool = False


def plan(cluster: Cluster, resources: Resources, options: RayExecutor, inside: int) -> Plan:
    """Return how jobs run that do not depend on one another.

    A job that asks for several GPUs starts ranks, which take one each. One that is to have a
    machine for itself sets no cores aside, so that ranks that it starts find room there.

    Args:
        cluster: The cluster.
        resources: What each job needs.
        options: The executor's configuration.
        inside: See `mlfw_ray.workers.RayWorkers`.

    Raises:
        UserError: The cluster has not what one job needs.
    """
    from mlfw_ray.remote import Needs

    nodes = cluster.nodes()
    cpus, gpus = _wanted(resources, options)
    spread = gpus > 1
    own_gpus = 0 if spread else gpus
    computing = [node for node in nodes if node.cpus]
    memory = min(resources.memory, max((node.memory for node in nodes), default=0))
    strategy = None
    largest = max(
        (node for node in computing if node.gpus >= own_gpus),
        key=lambda node: node.cpus,
        default=None,
    )
    if resources.alone and largest:
        strategy = _on(largest.id, soft=True)
        needs = Needs(0, own_gpus, 0, int(largest.cpus))
    elif inside:
        needs = Needs(0, own_gpus, memory, max(int(cpus), 1))
    else:
        needs = Needs(cpus, own_gpus, memory, max(int(cpus), 1))
    room = 1 if strategy else sum(_fits(node, needs) for node in computing)
    if spread:
        room = min(room, int(sum(node.gpus for node in nodes) / gpus))
    if not room:
        raise _no_room(Needs(cpus, gpus), 1, nodes)
    return Plan(needs, min(room, options.workers or room), strategy)


def places_together(
    cluster: Cluster, resources: Resources, options: RayExecutor, count: int, inside: int
) -> Places:
    """Return where jobs run that are started together.

    Those that a job starts use its cores: only GPUs are set aside for them.

    Args:
        cluster: The cluster.
        resources: What each job needs.
        options: The executor's configuration.
        count: How many jobs there are.
        inside: See `mlfw_ray.workers.RayWorkers`.

    Raises:
        UserError: The cluster has no room for all of them.
    """
    from mlfw_ray.remote import Needs

    nodes = cluster.nodes()
    cpus, gpus = resources.cpus, resources.gpus
    if inside:
        needs = Needs(0, gpus, 0, max(inside // count, 1))
        if not gpus:
            return Places(needs, _in_a_row(nodes, cluster.home, count))
    else:
        cpus, gpus = _wanted(resources, options)
        needs = Needs(cpus, gpus, 0, max(int(cpus), 1))
    rooms = [min(_fits(node, needs), 1 if resources.alone else count) for node in nodes]
    if sum(rooms) < count:
        raise _no_room(Needs(cpus, gpus), count, nodes)
    return Places(needs, apart=resources.alone)


def _wanted(resources: Resources, options: RayExecutor) -> tuple[float, float]:
    """Return the cores and GPUs of a job, where the configuration does not say otherwise."""
    cpus = resources.cpus if options.cpus is None else options.cpus
    return cpus, resources.gpus if options.gpus is None else options.gpus


def _in_a_row(nodes: Sequence[Node], home: str, count: int) -> list[str]:
    """Return a machine for each of several jobs: as many on one as it has cores, here first."""
    ordered = sorted(nodes, key=lambda node: (node.id != home, -node.cpus, node.id))
    cores = [node.id for node in ordered for _ in range(int(node.cpus))]
    return list(islice(cycle(cores or [home]), count))


def _fits(node: Node, needs: Needs) -> int:
    """Return how many such workers a node has room for."""
    rooms = [(node.cpus, needs.cpus), (node.gpus, needs.gpus)]
    return int(min((has / takes for has, takes in rooms if takes), default=1))


def _on(node: str, *, soft: bool) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=soft)


def _no_room(needs: Needs, count: int, nodes: Sequence[Node]) -> UserError:
    """Return the error that the cluster is too small, with what it has."""
    wanted = _counted(needs.cpus, needs.gpus) if needs.gpus else f"{needs.cpus:g} CPUs"
    who = "a job needs" if count == 1 else f"{count} ranks need, each,"
    has = "no machine"
    if nodes:
        largest = max(nodes, key=lambda node: (node.gpus, node.cpus))
        machines = "1 machine" if len(nodes) == 1 else f"{len(nodes)} machines"
        total = _counted(sum(node.cpus for node in nodes), sum(node.gpus for node in nodes))
        has = f"{machines} with {total}"
        if len(nodes) > 1:
            has += f" in all, at most {_counted(largest.cpus, largest.gpus)} on one"
    remedy = f"Ask for less, for example {override('executor.cpus', 1)}"
    if needs.gpus:
        remedy = (
            "Ask for fewer, for example trainer.devices=1, or train without: "
            "trainer.accelerator=cpu"
        )
    return UserError(f"executor=ray: {who} {wanted}, and the cluster has {has}.", remedy)


def _counted(cpus: float, gpus: float) -> str:
    return f"{cpus:g} CPUs and {gpus:g} GPUs"
