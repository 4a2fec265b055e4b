"""Each launcher tells a process who it is; what contradicts the configuration is a mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Mlfw
from mlfw import UserError
from mlfw_lightning import LightningTrainer
from mlfw_lightning.ranks.launchers import Launch, first_host, launch_of, own_environment

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "1",
    "GROUP_RANK": "1",
    "GROUP_WORLD_SIZE": "2",
    "LOCAL_RANK": "0",
    "LOCAL_WORLD_SIZE": "1",
    "RANK": "1",
    "WORLD_SIZE": "2",
    "MASTER_ADDR": "10.0.0.1",
    "MASTER_PORT": "29500",
}
SLURM = {
    "SLURM_JOB_ID": "77",
    "SLURM_STEP_ID": "0",
    "SLURM_NNODES": "2",
    "SLURM_NTASKS": "2",
    "SLURM_NODEID": "1",
    "SLURM_PROCID": "1",
    "SLURM_LOCALID": "0",
    "SLURM_JOB_NODELIST": "gpu[003-004]",
}
KUBERNETES = {"JOB_COMPLETION_INDEX": "1", "MASTER_ADDR": "mlfw-0.mlfw"}
PLAIN = {"NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500"}


def place(environment: dict[str, str], *, nodes: int = 2, devices: int = 4) -> Launch:
    return launch_of(LightningTrainer(nodes=nodes, devices=devices), environment)


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        (TORCHRUN, ("10.0.0.1", 29501)),
        (SLURM | {"MASTER_PORT": "3000"}, ("gpu003", 3000)),
        (KUBERNETES, ("mlfw-0.mlfw", 29500)),
        (PLAIN, ("10.0.0.1", 29500)),
    ],
    ids=["torchrun", "Slurm", "Kubernetes", "by hand"],
)
def test_the_second_node_follows_the_first(
    environment: dict[str, str], address: tuple[str, int]
) -> None:
    launch = place(environment)

    assert (launch.node, launch.local, launch.leads) == (1, 0, False)
    assert (launch.address, launch.port) == address


def test_of_processes_that_a_launcher_starts_for_each_device_the_first_leads() -> None:
    each = TORCHRUN | {"GROUP_RANK": "0", "LOCAL_WORLD_SIZE": "4"}

    assert place(each | {"LOCAL_RANK": "0"}).leads
    assert not place(each | {"LOCAL_RANK": "3"}).leads


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NODE_RANK": "0"},
        {"JOB_COMPLETION_INDEX": "3"},
        {**SLURM, "SLURM_NNODES": "1", "SLURM_NTASKS": "1", "SLURM_NODEID": "0"},
        {name: value for name, value in SLURM.items() if name != "SLURM_STEP_ID"},
    ],
    ids=["nothing", "node 0 of one", "pods with runs of their own", "one task", "batch script"],
)
def test_one_node_without_others_leads(environment: dict[str, str]) -> None:
    assert place(environment, nodes=1).leads


@pytest.mark.parametrize(
    ("environment", "nodes", "devices", "said"),
    [
        (TORCHRUN, 1, 1, r"trainer\.nodes=1, but torchrun has started this run on 2 nodes"),
        (SLURM, 4, 1, r"trainer\.nodes=4, but Slurm has started this run on 2 nodes"),
        (
            TORCHRUN | {"LOCAL_WORLD_SIZE": "2"},
            2,
            4,
            r"trainer\.devices=4, but torchrun has started 2 processes on each node",
        ),
        (SLURM | {"SLURM_NTASKS": "16"}, 2, 4, r"trainer\.devices=4, but Slurm .* 8 processes"),
        (KUBERNETES | {"JOB_COMPLETION_INDEX": "2"}, 2, 1, r"trainer\.nodes=2, .* node 2"),
        (PLAIN, 1, 1, r"trainer\.nodes=1, but by NODE_RANK this is node 1"),
        (PLAIN | {"NODE_RANK": "first"}, 2, 1, "NODE_RANK=first: expected a number"),
        (PLAIN | {"MASTER_PORT": "x"}, 2, 1, "MASTER_PORT=x: expected a number"),
        ({"MASTER_ADDR": "10.0.0.1"}, 2, 1, "NODE_RANK not set"),
        ({}, 2, 1, "NODE_RANK and MASTER_ADDR not set"),
        ({"JOB_COMPLETION_INDEX": "0"}, 2, 1, "MASTER_ADDR not set"),
    ],
)
def test_contradictions_and_gaps_name_both_sides(
    environment: dict[str, str], nodes: int, devices: int, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        place(environment, nodes=nodes, devices=devices)


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu1", "gpu1"),
        ("gpu[003-005,9],login1", "gpu003"),
        ("gpu[7,9]", "gpu7"),
        ("a,b", "a"),
        ("rack[1-2]node[5-6].cluster,z", "rack1node5.cluster"),
    ],
)
def test_the_first_machine_of_a_list_is_found(nodes: str, first: str) -> None:
    assert first_host(nodes) == first


@given(st.from_regex(r"[a-z]{1,5}[0-9]{0,3}", fullmatch=True), st.integers(0, 99))
def test_the_first_of_a_range_begins_it(name: str, start: int) -> None:
    assert first_host(f"{name}[{start:03}-{start + 3:03}],z") == f"{name}{start:03}"


def test_what_a_launcher_told_this_process_is_not_told_to_those_that_it_starts() -> None:
    kept = {"PATH": "/bin", "GROUP_ID": "5", "RANKING": "1", "MASTER_ADDR": "x"}

    assert own_environment({**TORCHRUN, **SLURM, **KUBERNETES, **kept}) == {
        **kept,
        "MASTER_PORT": "29500",
    }


def test_one_machine_is_reached_at_its_loopback_address_whatever_the_launcher_says() -> None:
    options = LightningTrainer(devices=2)
    environment = {"TORCHELASTIC_RUN_ID": "x", "GROUP_RANK": "0", "LOCAL_RANK": "0",
                   "GROUP_WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "10.0.0.7",
                   "MASTER_PORT": "29500"}  # fmt: skip

    assert launch_of(options, environment).address == "127.0.0.1"


def test_several_machines_are_warned_of_and_one_is_not(mlfw_here: Mlfw) -> None:
    (note,) = LightningTrainer(nodes=2).notes()
    shown = mlfw_here("show", "trainer", "lightning").stdout

    assert note == (
        "trainer.nodes=2: the ports between the machines are not authenticated; use a trusted "
        "network only."
    )
    assert "trusted network only" in " ".join(shown.split())
    assert LightningTrainer(devices=2).notes() == ()
