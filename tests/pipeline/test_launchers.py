"""A command that a launcher starts several times is refused, with what to use in its place."""

from __future__ import annotations

import pytest

from conftest import Mlfw
from mlfw import UserError
from mlfw.pipeline.early import check_started_once

TORCHRUN = {"TORCHELASTIC_RUN_ID": "1", "RANK": "1", "WORLD_SIZE": "4"}
SRUN = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2"}


@pytest.mark.parametrize(
    ("environment", "launcher", "number"),
    [
        (TORCHRUN, "torchrun", 4),
        (SRUN, "srun", 2),
        ({**SRUN, "SLURM_STEP_NUM_TASKS": "8"}, "srun", 8),
        ({"OMPI_COMM_WORLD_SIZE": "2"}, "mpirun", 2),
    ],
)
def test_several_processes_of_a_launcher_are_refused(
    environment: dict[str, str], launcher: str, number: int
) -> None:
    with pytest.raises(UserError) as told:
        check_started_once(environment)

    assert f"{launcher} has started this command in {number} processes" in told.value.problem
    assert f"trainer.devices={number}" in told.value.remedy
    assert "executor=ray" in told.value.remedy


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {**TORCHRUN, "WORLD_SIZE": "1"},
        {**SRUN, "SLURM_NTASKS": "1"},
        {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "16"},
        {"WORLD_SIZE": "4"},
        {**SRUN, "SLURM_NTASKS": "two"},
    ],
    ids=["nothing", "one process", "one task", "a batch script", "no launcher", "no number"],
)
def test_one_process_is_left_alone(environment: dict[str, str]) -> None:
    check_started_once(environment)


def test_a_run_under_torchrun_ends_with_exit_status_2(
    mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)

    ended = mlfw_here("run", "dataset=sklearn", "dataset.name=wine", "model=tree")

    assert ended.returncode == 2
    assert ended.stderr.count("torchrun has started this command in 4 processes") == 1
