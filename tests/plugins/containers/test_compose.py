"""The deployer `compose`: the service, Prometheus, and Grafana with a dashboard."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from mlfw.files import read_json
from mlfw_containers import Compose
from mlfw_containers.project import Project

BIN = Path(sys.executable).parent


def config(folder: Path) -> dict[str, Any]:
    """Return a project as Compose understands it."""
    command = [BIN / "docker-compose", "--project-directory", folder, "config", "--format", "json"]
    done = subprocess.run(
        [*command], cwd=folder, capture_output=True, text=True, env={"HOME": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def folder(model: Path, elsewhere: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the deployer writes for a run with an odd name."""
    out = tmp_path_factory.mktemp("compose") / "out"
    out.mkdir()
    deployer = Compose(requirements=elsewhere, version="1.0", timeout=30)
    deployer.check()
    assert deployer.deploy(model, out, "a $HOME of ${penguins}").artifact == "compose.yaml"
    return out


def test_compose_takes_the_project_and_its_schema_has_nothing_against_it(folder: Path) -> None:
    found = config(folder)
    assert set(found["services"]) == {"model", "prometheus", "grafana"}
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec",
         folder / "compose.yaml"], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_dollar_in_a_name_begins_no_variable(folder: Path) -> None:
    service = config(folder)["services"]["model"]
    # What Compose prints may be given to it again.
    assert [word.replace("$$", "$") for word in service["command"][-2:]] == [
        'serve.name="a $HOME of \\${penguins}"', "serve.timeout=30",
    ]  # fmt: skip


def test_no_container_has_rights_and_only_this_machine_reaches_the_ports(folder: Path) -> None:
    for service in config(folder)["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert [port["host_ip"] for port in service["ports"]] == ["127.0.0.1"]
        assert not service["image"].endswith("latest")
    assert config(folder)["services"]["model"]["user"] == "10001:10001"


def test_secrets_are_files_that_the_project_does_not_hold(folder: Path) -> None:
    found = config(folder)
    assert set(found["secrets"]) == {"grafana", "token"}
    assert not (folder / "secrets").exists()
    services = found["services"]
    assert [each["source"] for each in services["model"]["secrets"]] == ["token"]
    assert [each["source"] for each in services["prometheus"]["secrets"]] == ["token"]
    assert [each["source"] for each in services["grafana"]["secrets"]] == ["grafana"]
    readme = (folder / "README.md").read_text()
    assert "mkdir -m 700 secrets" in readme
    assert "> secrets/token" in readme


def test_prometheus_calls_the_service_by_a_name_that_it_answers_to(folder: Path) -> None:
    scraping = yaml.safe_load((folder / "prometheus/prometheus.yml").read_text())
    (job,) = scraping["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    service = config(folder)["services"]["model"]
    assert target.partition(":")[0] == service["environment"]["MLFW_HOSTS"] == "model"
    assert target.endswith(":3000")
    assert job["authorization"]["credentials_file"] == "/run/secrets/token"


def test_prometheus_takes_its_configuration(folder: Path, tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    text = (folder / "prometheus/prometheus.yml").read_text()
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "prometheus.yml").write_text(
        text.replace("/run/secrets/token", str(tmp_path / "token"))
    )
    done = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_finds_prometheus_and_the_dashboard(folder: Path) -> None:
    provisioned = folder / "grafana/provisioning"
    (source,) = yaml.safe_load((provisioned / "datasources/prometheus.yaml").read_text())[
        "datasources"
    ]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    board = read_json(folder / "grafana/dashboards/service.json")
    used = {panel["datasource"]["uid"] for panel in board["panels"]}
    assert used == {source["uid"]}
    (provider,) = yaml.safe_load((provisioned / "dashboards/mlfw.yaml").read_text())["providers"]
    mounted = {
        volume["target"]: Path(volume["source"])
        for volume in config(folder)["services"]["grafana"]["volumes"]
    }
    assert (mounted[provider["options"]["path"]] / "service.json").is_file()
    assert mounted["/etc/grafana/provisioning"].name == "provisioning"


def project(model: Path, name: str) -> Project:
    return Project(
        context=Compose().context(model, name), image="a:1", ports=(3000, 9090, 3001),
        prometheus="p:1", grafana="g:1",
    )  # fmt: skip


@settings(deadline=None, max_examples=8)
@given(st.text(max_size=60) | st.sampled_from(["a: b\n- c", "&x *x !!y", "yes", "$$", "'\"", "#"]))
def test_no_name_can_add_to_the_project(model: Path, name: str) -> None:
    found, usual = (
        {file: yaml.safe_load(text) for file, text in project(model, each).files().items()}
        for each in (name, "usual")
    )
    compose = "compose.yaml"
    assert {f: t for f, t in found.items() if f != compose} == {
        f: t for f, t in usual.items() if f != compose
    }
    assert found[compose]["services"]["model"].keys() == usual[compose]["services"]["model"].keys()
    assert len(found[compose]["services"]["model"]["command"]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prometheus": "prom/prometheus"}, r"deployer\.prometheus: .*'prom/prometheus'"),
        ({"grafana": "grafana/grafana:latest"}, r"deployer\.grafana: "),
        ({"port": 9090}, "expected three ports, found 9090, 9090 and 3001"),
        ({"base": "python"}, r"deployer\.base"),
    ],
)
def test_what_docker_would_refuse_is_refused_before_anything_runs(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(mlfw.UserError, match=message):
        Compose(**options).check()
