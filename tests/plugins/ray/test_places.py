"""How many jobs a cluster has room for, and where they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import mlfw
from mlfw_ray import RayExecutor
from mlfw_ray.cluster import Node
from mlfw_ray.places import places_together, plan

HEAD, FIRST, SECOND = (f"{number:056x}" for number in (1, 2, 3))
NODES = [
    Node(HEAD, "head", 0, 0, 1e9),
    Node(FIRST, "first", 32, 8, 1e11),
    Node(SECOND, "second", 32, 8, 1e11),
]


@dataclass
class Machines:
    """A cluster's machines."""

    machines: list[Node] = field(default_factory=lambda: list(NODES))
    home: str = HEAD

    def nodes(self) -> list[Node]:
        return self.machines


def planned(resources: mlfw.Resources, inside: int = 0, **options: Any) -> Any:
    return plan(Machines(), resources, RayExecutor(**options), inside)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("resources", "options", "slots"),
    [
        (mlfw.Resources(), {}, 64),
        (mlfw.Resources(), {"workers": 10}, 10),
        (mlfw.Resources(), {"cpus": 5}, 12),
        (mlfw.Resources(gpus=1), {}, 16),
        (mlfw.Resources(gpus=1), {"gpus": 0.5}, 32),
        (mlfw.Resources(gpus=1), {"gpus": 0}, 64),
        (mlfw.Resources(gpus=8), {}, 2),
        (mlfw.Resources(gpus=16), {}, 1),
        (mlfw.Resources(alone=True), {}, 1),
    ],
)
def test_there_are_as_many_slots_as_cores_and_gpus(
    resources: mlfw.Resources, options: dict[str, Any], slots: int
) -> None:
    assert planned(resources, **options).slots == slots


def test_a_job_of_several_gpus_leaves_them_to_its_ranks() -> None:
    assert planned(mlfw.Resources(gpus=16)).needs.gpus == 0
    assert planned(mlfw.Resources(gpus=1)).needs.gpus == 1


def test_a_job_alone_sets_no_cores_aside_and_computes_with_all_of_a_machine() -> None:
    found = planned(mlfw.Resources(alone=True))

    assert (found.needs.cpus, found.needs.threads) == (0, 32)
    assert found.strategy.node_id in (FIRST, SECOND)


def test_what_a_job_starts_uses_its_cores() -> None:
    together = places_together(
        Machines(home=SECOND),  # type: ignore[arg-type]
        mlfw.Resources(),
        RayExecutor(),
        4,
        inside=32,
    )

    assert (together.needs.cpus, together.needs.threads) == (0, 8)
    assert list(together.nodes) == [SECOND] * 4


def test_gpus_are_set_aside_for_ranks_wherever_they_are_started() -> None:
    for inside in (0, 32):
        together = places_together(
            Machines(),  # type: ignore[arg-type]
            mlfw.Resources(gpus=1),
            RayExecutor(),
            16,
            inside,
        )
        assert together.needs.gpus == 1
        assert not together.nodes


def test_too_many_ranks_are_told_what_there_is() -> None:
    expected = (
        r"17 ranks need, each, 1 CPUs and 1 GPUs, and the cluster has 3 machines with 64 CPUs and "
        r"16 GPUs in all, at most 32 CPUs and 8 GPUs on one"
    )
    with pytest.raises(mlfw.UserError, match=expected):
        places_together(
            Machines(),  # type: ignore[arg-type]
            mlfw.Resources(gpus=1),
            RayExecutor(),
            17,
            inside=0,
        )
