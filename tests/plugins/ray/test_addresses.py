"""Addresses that no cluster can be at, and a Ray that is not installed."""

from __future__ import annotations

import socket
import sys

import pytest

import mlfw
from conftest import Mlfw
from mlfw_ray import RayExecutor
from mlfw_ray.addresses import check_address


def test_nothing_at_the_address_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(mlfw.UserError) as raised:
        check_address(f"127.0.0.1:{port}")

    assert f"executor.address=127.0.0.1:{port}: no Ray cluster can be reached there" in str(
        raised.value
    )
    assert "executor.address=auto" in raised.value.remedy


@pytest.mark.parametrize("address", ["head", "head:", "head:0", "head:99999", ":6379", "a b:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(mlfw.UserError, match="expected HOST:PORT or auto"):
        check_address(address)


@pytest.mark.parametrize("address", ["ray://head:10001", "http://head:8265"])
def test_ways_into_a_cluster_from_outside_are_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(mlfw.UserError, match="ray job submit"):
        check_address(address)


def test_the_variable_is_named_where_the_address_is_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "nowhere")

    with pytest.raises(mlfw.UserError, match="RAY_ADDRESS=nowhere: expected"):
        check_address("")


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(mlfw.UserError, match=r'pip install "mlfw\[ray\]"'):
        RayExecutor().start(mlfw.JobSetup(_no_job))


def _no_job(name: str) -> mlfw.JobFunction:
    raise AssertionError(name)


def test_a_wrong_address_ends_a_run_before_it_reads_data(mlfw_here: Mlfw, penguins: object) -> None:
    ended = mlfw_here(
        "run", "dataset=csv", f"dataset.path={penguins}", "dataset.target=Species", "model=tree",
        "executor=ray", "executor.address=head",
    )  # fmt: skip

    assert ended.returncode == 2
    assert "executor.address=head: expected HOST:PORT or auto" in ended.stderr
