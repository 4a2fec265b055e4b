"""The deployer `kubernetes`: manifests, and what their image is built from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from mlfw_containers import Kubernetes
from mlfw_containers.manifests import Manifests
from mlfw_containers.needs import Needs, rounded

BIN = Path(sys.executable).parent
KINDS = ["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"]
Objects = dict[str, dict[str, Any]]


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    command = [BIN / "kubernetes-validate", "--strict", path]
    return subprocess.run(command, capture_output=True, text=True)


def parsed(text: str) -> Objects:
    objects = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert list(objects) == KINDS
    return objects


@pytest.fixture(scope="module")
def folder(model: Path, elsewhere: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the deployer writes."""
    out = tmp_path_factory.mktemp("kubernetes")
    deployer = Kubernetes(
        requirements=elsewhere, version="1.0", image="registry.example.org/penguins",
        memory_mb=300, workers=2, timeout=30, callers=["monitoring"], namespace="birds",
    )  # fmt: skip
    deployer.check()
    assert deployer.deploy(model, out, "Penguins 2024").artifact == "kubernetes.yaml"
    return out


@pytest.fixture(scope="module")
def objects(folder: Path) -> Objects:
    return parsed((folder / "kubernetes.yaml").read_text())


@pytest.fixture(scope="module")
def pod(objects: Objects) -> dict[str, Any]:
    return dict(objects["Deployment"]["spec"]["template"]["spec"])


def test_the_manifests_are_valid_in_the_strict_sense(folder: Path) -> None:
    done = validate(folder / "kubernetes.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "image/Dockerfile").is_file()


@pytest.mark.slow
def test_a_misspelt_key_would_have_been_found(folder: Path, tmp_path: Path) -> None:
    text = (folder / "kubernetes.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("readinessProbe", "readynessProbe"))
    assert validate(tmp_path / "wrong.yaml").returncode != 0


def test_all_objects_find_the_pods(objects: Objects) -> None:
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/name": "penguins-2024"}
    assert objects["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    scaled = objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert scaled["name"] == objects["Deployment"]["metadata"]["name"]
    for each in objects.values():
        assert each["metadata"]["name"] == "penguins-2024"
        assert each["metadata"]["namespace"] == "birds"


def test_the_pods_have_no_rights(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }


def test_the_token_is_a_secret_that_the_manifests_do_not_hold(
    folder: Path, pod: dict[str, Any]
) -> None:
    (container,) = pod["containers"]
    assert container["args"][:2] == ["--token-file", "/run/secrets/token"]
    assert {"name": "token", "mountPath": "/run/secrets", "readOnly": True} in container[
        "volumeMounts"
    ]
    (secret,) = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
    assert secret == {"secretName": "penguins-2024-token", "defaultMode": 0o440}
    readme = (folder / "README.md").read_text()
    assert "create secret generic penguins-2024-token --from-file=token=secrets/token" in readme


def test_what_the_model_needs_and_may_take_follows_from_the_options(
    pod: dict[str, Any], objects: Objects
) -> None:
    (container,) = pod["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "1000m", "memory": "300Mi"},
        "limits": {"cpu": "2000m", "memory": "640Mi"},
    }
    (metric,) = objects["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metric["resource"]["target"] == {"type": "AverageValue", "averageValue": "1400m"}
    # It answers what it has begun: 30 seconds at most, and a little time on either side.
    assert pod["terminationGracePeriodSeconds"] == 45
    assert container["startupProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert {"name": "http", "containerPort": 3000} in container["ports"]


def test_only_those_who_are_named_may_call_and_the_pods_call_nobody(objects: Objects) -> None:
    policy = objects["NetworkPolicy"]["spec"]
    (rule,) = policy["ingress"]
    assert rule["from"] == [
        {"podSelector": {}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}},
    ]
    assert (policy["policyTypes"], policy["egress"]) == (["Ingress", "Egress"], [])


def test_the_service_knows_its_names_in_the_cluster(pod: dict[str, Any]) -> None:
    (variable,) = pod["containers"][0]["env"]
    assert variable["name"] == "MLFW_HOSTS"
    names = variable["value"].split(",")
    assert {"penguins-2024", "penguins-2024.birds.svc.cluster.local"} <= set(names)


def test_without_a_token_there_is_no_secret(model: Path) -> None:
    deployer = Kubernetes(insecure=True)
    text = manifests(deployer, model, "open").text()
    pod = parsed(text)["Deployment"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["--insecure", "serve.name=open"]
    assert "secret" not in text


def manifests(deployer: Kubernetes, model: Path, name: str) -> Manifests:
    return Manifests(
        context=deployer.context(model, name), image="a:1", namespace="default",
        replicas=(2, 10), cpus=1.0, memory=(256, 512),
    )  # fmt: skip


@settings(deadline=None, max_examples=8)
@given(st.text(max_size=60) | st.sampled_from(["a: b\n- c", "&x *x !!y", "yes", "1e3", "'\"", "#"]))
def test_no_name_can_add_to_the_manifests(model: Path, name: str) -> None:
    found = parsed(manifests(Kubernetes(), model, name).text())
    usual = parsed(manifests(Kubernetes(), model, "usual").text())

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    assert shape(found) == shape(usual)
    assert found["Deployment"]["metadata"]["name"].isascii()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"namespace": "My_Space"}, r"deployer\.namespace: .*'My_Space'"),
        ({"callers": ["a", "b c"]}, r"deployer\.callers: .*'b c'"),
        ({"replicas": 3, "max_replicas": 2}, r"deployer\.max_replicas: expected at least .*=3"),
        ({"version": "a b"}, r"deployer\.version"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_before_anything_runs(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(mlfw.UserError, match=message):
        Kubernetes(**options).check()


def test_memory_is_rounded_so_that_the_manifests_stay_the_same() -> None:
    assert [rounded(each) for each in (1, 64, 64.2, 300)] == [64, 64, 128, 320]
    assert (Needs(200, 213).requested, Needs(200, 213).limit) == (320, 640)


@pytest.mark.slow
def test_memory_that_is_left_out_is_what_the_service_was_seen_to_take(
    model: Path, elsewhere: list[str], tmp_path: Path
) -> None:
    made = Kubernetes(requirements=elsewhere).deploy(model, tmp_path, "penguins")
    text = (tmp_path / "kubernetes.yaml").read_text()
    resources = parsed(text)["Deployment"]["spec"]["template"]["spec"]["containers"][0]["resources"]
    requested = int(resources["requests"]["memory"].removesuffix("Mi"))
    assert 64 <= requested <= 1024
    assert requested % 64 == 0
    assert f"a pod asks for {requested} MiB" in made.notes[0]
