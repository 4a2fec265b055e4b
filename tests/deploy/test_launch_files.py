"""The launch files for schedulers, as far as a machine without them can check them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from launching import DEPLOY, MODELS, RUN, check_one_run, free_port, start

SHELL_FILES = sorted([*DEPLOY.rglob("*.sh"), *DEPLOY.rglob("*.sbatch")])

# Starts one task on each of two nodes, with what Slurm tells tasks of a step.
SRUN = """#!/usr/bin/env bash
while [[ $1 == --* ]]; do shift; done
export SLURM_STEP_ID=0 SLURM_LOCALID=0 SLURM_STEP_NUM_NODES=2 SLURM_STEP_NUM_TASKS=2
SLURM_NODEID=0 SLURM_PROCID=0 "$@" & first=$!
SLURM_NODEID=1 SLURM_PROCID=1 "$@" & second=$!
wait $first && wait $second
"""


@pytest.mark.parametrize("file", SHELL_FILES, ids=lambda file: file.name)
def test_shell_files_parse_and_can_be_run(file: Path) -> None:
    subprocess.run(["bash", "-n", file], check=True)
    assert os.access(file, os.X_OK)


@pytest.mark.slow
@MODELS
def test_the_slurm_file_runs_once_on_two_nodes(model: tuple[str, ...], tmp_path: Path) -> None:
    site = tmp_path / "bin"
    site.mkdir()
    (site / "srun").write_text(SRUN)
    (site / "srun").chmod(0o755)
    job = {
        "SLURM_JOB_ID": "4711",
        "SLURM_NNODES": "2",
        "SLURM_NTASKS": "2",
        "SLURM_JOB_NODELIST": "localhost,other",
        "PATH": f"{site}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    batch = start(["bash", DEPLOY / "slurm/train.sbatch", *RUN, *model], tmp_path, **job)

    check_one_run([batch], tmp_path)


def test_the_slurm_file_asks_for_one_task_a_node_and_to_be_told_before_the_end() -> None:
    asked = [
        line.removeprefix("#SBATCH ")
        for line in (DEPLOY / "slurm/train.sbatch").read_text().splitlines()
        if line.startswith("#SBATCH ")
    ]

    assert "--ntasks-per-node=1" in asked
    assert "--signal=TERM@60" in asked


@pytest.mark.slow
@MODELS
def test_the_torchrun_file_runs_once_on_two_nodes(model: tuple[str, ...], tmp_path: Path) -> None:
    command = [DEPLOY / "torchrun/run.sh", f"localhost:{free_port()}", 2, 1, *RUN, *model]

    check_one_run([start(command, tmp_path) for _ in range(2)], tmp_path)


@pytest.mark.slow
def test_torchrun_may_start_one_process_a_device_itself(tmp_path: Path) -> None:
    command = [
        "python", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2,
        "-m", "mlfw", "run", *RUN, "model=tree", "trainer.devices=2",
    ]  # fmt: skip

    check_one_run([start(command, tmp_path)], tmp_path)


def kubernetes() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Service and the Job."""
    service, job = yaml.safe_load_all((DEPLOY / "kubernetes/train.yaml").read_text())
    return service, job


def test_the_kubernetes_service_gives_the_job_s_first_pod_the_name_that_all_look_for() -> None:
    service, job = kubernetes()
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    told = {variable["name"]: variable["value"] for variable in container["env"]}

    assert (service["kind"], job["kind"]) == ("Service", "Job")
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert pod["subdomain"] == service["metadata"]["name"]
    assert told["MASTER_ADDR"] == f"{job['metadata']['name']}-0.{service['metadata']['name']}"


def test_the_kubernetes_job_has_as_many_pods_as_the_run_has_nodes() -> None:
    _, job = kubernetes()
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]

    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"]
    assert f"trainer.nodes={spec['completions']}" in container["command"]
    assert (
        f"trainer.devices={container['resources']['limits']['nvidia.com/gpu']}"
        in container["command"]
    )
    assert any(mount["mountPath"] == "/runs" for mount in container["volumeMounts"])


@pytest.mark.slow
@MODELS
def test_the_kubernetes_command_runs_once_in_two_pods(
    model: tuple[str, ...], tmp_path: Path
) -> None:
    _, job = kubernetes()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    # What differs here: no GPUs, other data, another folder, and pods that share one address.
    kept = [
        w for w in container["command"] if not w.startswith(("/", "model=", "run.", "trainer."))
    ]
    command = [*kept, *RUN, *model, f"trainer.nodes={job['spec']['completions']}"]
    told = {variable["name"]: variable["value"] for variable in container["env"]}
    told |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}

    pods = [start(command, tmp_path, **told, JOB_COMPLETION_INDEX=str(pod)) for pod in range(2)]

    check_one_run(pods, tmp_path)
