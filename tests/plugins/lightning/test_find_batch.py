"""The largest batch is found within a bound of memory and of rows, and changes nothing."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from mlfw_lightning.finding.batch_size import find_batch_size, largest_batch, most_rows
from mlfw_lightning.finding.memory_gauge import free_memory, gauge_of

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
MB = 2**20
# In a process with so little address space that memory is soon full.
LIMITED = """
import json, resource, torch
from pathlib import Path
from torch import nn
from mlfw_lightning.finding.batch_size import find_batch_size
torch.set_num_threads(1)
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + ROOM
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
test = find_batch_size(
    nn.Sequential(nn.Linear(4, 50_000), nn.ReLU(), nn.Linear(50_000, 1)),
    lambda net, rows: net(rows).square().mean(),
    lambda count: torch.ones(count, 4),
    lambda net: torch.optim.SGD(net.parameters()),
    largest=2**20,
)
print(json.dumps([test.rows, test.full]))
"""


class Machine:
    """A device with so many bytes free, on which a row takes a known number of them."""

    def __init__(self, free: int, row: int) -> None:
        self.free = free
        self.row = row
        self.tried: list[int] = []

    def step(self, rows: int) -> None:
        self.tried.append(rows)
        if rows * self.row > self.free:
            raise torch.OutOfMemoryError

    def peak(self, work: Callable[[], None]) -> int:
        work()
        return self.tried[-1] * self.row


@given(st.integers(10**7, 10**9), st.integers(1, 10**5), st.integers(1, 10**5))
def test_no_size_is_tried_that_does_not_fit_and_none_is_left_out(
    free: int, row: int, largest: int
) -> None:
    machine, smallest = Machine(free, row), min(16, largest)

    bound = free // 2

    test = largest_batch(machine.step, machine, smallest=smallest, largest=largest, bound=bound)

    assert all(rows * row <= bound for rows in machine.tried[1:])
    following = min(2 * test.rows, largest)
    assert test.full is (test.rows < largest)
    assert not test.full or following * row > bound
    assert smallest <= test.rows <= largest


def test_a_size_that_fails_against_expectation_gives_the_one_before() -> None:
    machine = Machine(free=1000, row=10)

    def step(rows: int) -> None:
        machine.step(rows)
        if rows > 20:
            raise torch.OutOfMemoryError

    test = largest_batch(step, machine, smallest=16, largest=40, bound=700)

    assert (test.rows, test.full, machine.tried) == (16, True, [16, 32])


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1))


def loss(net: nn.Module, rows: Tensor) -> Tensor:
    mean: Tensor = net(rows).square().mean()
    return mean


@LINUX
def test_a_small_network_takes_the_most_rows_and_stays_as_it_is() -> None:
    net = network()
    before, state = copy.deepcopy(net.state_dict()), torch.get_rng_state()

    test = find_batch_size(
        net,
        loss,
        lambda rows: torch.ones(rows, 4),
        lambda one: torch.optim.SGD(one.parameters(), lr=0.1),
        largest=100,
    )

    assert test.rows == 100
    assert not test.full
    assert list(test.memory) == [16, 32, 64, 100]
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.equal(torch.get_rng_state(), state)


@LINUX
@pytest.mark.slow
def test_full_memory_ends_the_search_and_not_the_process() -> None:
    room = 300 * MB

    out = subprocess.run(
        [sys.executable, "-c", LIMITED.replace("ROOM", str(room))],
        capture_output=True,
        check=True,
        text=True,
    )

    rows, full = json.loads(out.stdout)
    assert full
    assert 32 <= rows <= room / (50_000 * 4)


@LINUX
def test_the_memory_of_work_is_measured() -> None:
    gauge = gauge_of(torch.device("cpu"))

    taken = gauge.peak(lambda: torch.ones(16 * MB).sum().item())

    assert 60 * MB < taken < 128 * MB
    assert gauge.free > 64 * MB
    assert free_memory() > 64 * MB


def test_an_epoch_keeps_ten_steps_where_rows_are_enough() -> None:
    assert [most_rows(rows) for rows in (1, 10, 100, 10_000)] == [1, 10, 16, 1000]
