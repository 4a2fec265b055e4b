"""The launch files for schedulers, as far as a machine without them can check them."""

from __future__ import annotations

import importlib.resources
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from conftest import ROOT

DEPLOY = ROOT / "deploy"
SHELL_FILES = sorted([*DEPLOY.rglob("*.sh"), *DEPLOY.rglob("*.sbatch")])
# What KubeRay's API reference lists; the definition itself is a megabyte.
RAY_JOB = {
    "entrypoint", "backoffLimit", "shutdownAfterJobFinishes", "rayClusterSpec", "submissionMode",
    "ttlSecondsAfterFinished", "activeDeadlineSeconds", "runtimeEnvYAML", "submitterPodTemplate",
}  # fmt: skip
RAY_CLUSTER = {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"}
WORKER_GROUP = {
    "groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template",
}  # fmt: skip


@pytest.mark.parametrize("file", SHELL_FILES, ids=lambda file: file.name)
def test_shell_files_can_be_run_and_shellcheck_finds_nothing(file: Path) -> None:
    subprocess.run(["shellcheck", file], check=True)
    assert os.access(file, os.X_OK)


def test_slurm_starts_one_ray_a_machine_with_a_token_of_its_own() -> None:
    text = (DEPLOY / "slurm/train.sbatch").read_text()
    asked = re.findall("^#SBATCH (.*)", text, re.MULTILINE)

    assert {"--ntasks-per-node=1", "--exclusive", "--requeue"} <= set(asked)
    assert "export RAY_AUTH_TOKEN RAY_AUTH_MODE=token" in text
    assert "executor=ray executor.address=auto" in text


def ray_job() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load((DEPLOY / "kuberay/train.yaml").read_text())
    return job


def test_the_rayjob_has_only_fields_that_kuberay_knows() -> None:
    job = ray_job()
    cluster = job["spec"]["rayClusterSpec"]

    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert set(job["spec"]) <= RAY_JOB
    assert set(cluster) <= RAY_CLUSTER
    assert set(cluster["headGroupSpec"]) <= {"rayStartParams", "template"}
    assert all(set(group) <= WORKER_GROUP for group in cluster["workerGroupSpecs"])
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    values = [value for group in groups for value in group["rayStartParams"].values()]
    assert all(isinstance(value, str) for value in values)


def test_the_rayjob_s_pods_are_valid_and_share_the_run_s_folder() -> None:
    import kubernetes_validate

    cluster = ray_job()["spec"]["rayClusterSpec"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "pod"},
            "spec": group["template"]["spec"],
        }
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
        (container,) = pod["spec"]["containers"]
        assert {"name": "runs", "mountPath": "/runs"} in container["volumeMounts"]


def test_the_rayjob_asks_for_a_token_and_for_the_gpus_that_the_command_trains_on() -> None:
    job = ray_job()["spec"]
    (workers,) = job["rayClusterSpec"]["workerGroupSpecs"]
    (container,) = workers["template"]["spec"]["containers"]
    command = job["entrypoint"].split()

    assert job["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    assert workers["replicas"] == workers["minReplicas"]
    assert f"trainer.nodes={workers['replicas']}" in command
    gpus = container["resources"]["limits"]["nvidia.com/gpu"]
    assert f"trainer.devices={gpus}" in command


def test_the_cluster_launcher_s_file_follows_ray_s_schema_and_uses_a_token() -> None:
    files = importlib.resources.files(pytest.importorskip("ray.autoscaler"))
    cluster = yaml.safe_load((DEPLOY / "ray/cluster.yaml").read_text())

    jsonschema.validate(cluster, json.loads(files.joinpath("ray-schema.json").read_text()))

    starts = [*cluster["head_start_ray_commands"], *cluster["worker_start_ray_commands"]]
    assert all("RAY_AUTH_MODE=token" in line for line in starts if "ray start" in line)
    assert "~/.ray/auth_token" in cluster["file_mounts"]
