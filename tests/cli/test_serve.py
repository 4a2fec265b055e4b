"""What `mlfw serve` and `mlfw deploy` read from the command line, and what they refuse."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

import mlfw as package
from conftest import Mlfw
from mlfw.files import sha256, write_json
from mlfw.runs import RunDirectory
from plugin_folder import write_plugin

TOKEN = "a-token-that-nobody-guesses"
PROBE = """
import json
from dataclasses import dataclass
from typing import ClassVar

import mlfw

@dataclass(kw_only=True)
class Probe(mlfw.Deployer):
    serves: ClassVar[bool] = True
    depth: int = 1
    label: str = "plain"

    def deploy(self, model, folder, name):
        return mlfw.Deployment(f"{self.label} {self.depth}")

    def serve(self, serving):
        told = {name: str(getattr(serving, name)) for name in ("host", "port", "shadows")}
        told |= {"models": {name: str(path) for name, path in serving.models.items()}}
        told |= {"shares": dict(serving.shares), "token": len(serving.token)}
        told |= {"shown": repr(serving)}
        print(json.dumps({**told, "label": self.label, "depth": self.depth}))
        return 0

@dataclass(kw_only=True)
class Single(Probe):
    def serve(self, serving):
        print(serving.only_model("single"))
        return 0

class Predictor(mlfw.Predictor):
    def __init__(self, schema):
        self.schema = schema

    def predict(self, rows):
        raise AssertionError

    def save(self, folder):
        raise AssertionError

@dataclass(kw_only=True)
class Still(mlfw.Model):
    def fit(self, data, context):
        raise AssertionError

    def load(self, folder, schema):
        return Predictor(schema)

@mlfw.hookimpl
def mlfw_deployers():
    return {"probe": Probe, "single": Single}

@mlfw.hookimpl
def mlfw_models():
    return {"still": Still}
"""


def run_folder(path: Path, deployer: dict[str, Any], columns: str = "ab", task: str = "c") -> Path:
    """Write a run with a saved model that never predicts."""
    run = RunDirectory(path)
    run.create(
        path.name, {"dataset": {"use": "csv"}, "model": {"use": "still"}, "deployer": deployer}
    )
    run.model.mkdir()
    numbers = tuple(package.Column(name=name, kind=package.Kind.number) for name in columns)
    target = package.Column(name=task, kind=package.Kind.number)
    schema = package.Schema.of(columns=numbers, target=target, task=package.Task.regression)
    schema.save(run.model / "schema.json")
    manifest = {
        "format": 1,
        "mlfw": package.__version__,
        "model": {"use": "still"},
        "plugin": {"name": "probe", "distribution": "mlfw-probe"},
        "files": {"schema.json": sha256(run.model / "schema.json")},
    }
    write_json(run.model / "manifest.json", manifest)
    return path


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs named one, two and odd, and deployers that tell what they are asked to do."""
    for name in ("one", "two"):
        run_folder(tmp_path / "runs" / name, {"use": "probe", "depth": 7})
    run_folder(tmp_path / "runs" / "odd", {"use": "none"}, columns="ax")
    monkeypatch.syspath_prepend(write_plugin(tmp_path, "probe", PROBE))
    monkeypatch.delenv("MLFW_TOKEN", raising=False)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_run_is_served_by_its_own_deployer_with_its_options(mlfw_here: Mlfw) -> None:
    serving = told(mlfw_here("serve", "one"))
    assert list(serving["models"]) == ["one"]
    assert (serving["host"], serving["port"], serving["token"]) == ("127.0.0.1", "3000", 0)
    assert (serving["depth"], serving["label"]) == (7, "plain")


def test_serve_is_a_synonym_of_deployer_in_settings(mlfw_here: Mlfw) -> None:
    serving = told(mlfw_here("serve", "one", "serve.label=other", "deployer.depth=2"))
    assert (serving["depth"], serving["label"]) == (2, "other")


def test_a_deployer_of_another_name_starts_from_its_defaults(mlfw_here: Mlfw) -> None:
    assert mlfw_here("serve", "one", "deployer=single").stdout.startswith("('one', ")
    assert told(mlfw_here("serve", "odd", "deployer=probe"))["depth"] == 1


def test_models_are_named_and_the_first_one_has_the_rest_of_the_shares(
    mlfw_here: Mlfw, tmp_path: Path
) -> None:
    serving = told(
        mlfw_here(
            *("serve", "champion=one", "challenger=two", "late=two", "--share", "challenger=0.1"),
            *("--shadow", "late"),
        )
    )
    assert list(serving["models"]) == ["champion", "challenger", "late"]
    assert serving["models"]["challenger"] == str(tmp_path / "runs/two/model")
    assert (serving["shares"], serving["shadows"]) == ({"challenger": 0.1}, "('late',)")


def test_models_that_answer_calls_of_their_own_may_differ(mlfw_here: Mlfw) -> None:
    assert list(told(mlfw_here("serve", "one", "odd"))["models"]) == ["one", "odd"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.9"])
def test_a_loopback_address_needs_no_token(host: str, mlfw_here: Mlfw) -> None:
    assert told(mlfw_here("serve", "one", "--host", host))["host"] == host


def test_the_token_comes_from_a_file_or_the_environment_and_is_never_shown(
    mlfw_here: Mlfw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    done = mlfw_here("serve", "one", "--host", "0.0.0.0", "--token-file", file)
    assert told(done)["token"] == len(TOKEN)
    assert TOKEN not in done.stdout
    monkeypatch.setenv("MLFW_TOKEN", f"{TOKEN}-too")
    assert told(mlfw_here("serve", "one", "--host", "0.0.0.0"))["token"] == len(TOKEN) + 4
    assert told(mlfw_here("serve", "one", "--token-file", file))["token"] == len(TOKEN)


def test_anybody_may_call_a_public_address_where_that_is_said(mlfw_here: Mlfw) -> None:
    assert told(mlfw_here("serve", "one", "--host", "0.0.0.0", "--insecure"))["token"] == 0


MISTAKES = {
    "a public address without a token": (
        ["one", "--host", "0.0.0.0"],
        ["--host 0.0.0.0", "--token-file FILE", "--insecure"],
    ),
    "no run": (["deployer=probe"], ["expected a run", "mlfw serve latest"]),
    "an unknown option": (["one", "serve.dept=1"], ["deployer.dept", "'depth'"]),
    "an unknown name": (["one", "--share", "onn=0.1"], ["--share onn=0.1", "Known: one."]),
    "no fraction": (["a=one", "b=two", "--share", "b=most"], ["--share b=most", "b=0.1"]),
    "too large a fraction": (["a=one", "b=two", "--share", "b=1.5"], ["from 0 to 1"]),
    "shares that are no whole": (
        ["a=one", "b=two", "--share", "b=0.3", "--share", "a=0.3"],
        ["add up to 1", "found 0.6"],
    ),
    "a shadow whose answers count": (["a=one", "b=two", "--shadow", "a"], ["--shadow a"]),
    "a name twice": (["one", "two", "one=two"], ["named one is served already"]),
    "models of different columns under one share": (
        ["one", "odd", "--share", "odd=0.5"],
        ["--share odd", "the second one has no column b"],
    ),
    "several models where one can be served": (
        ["one", "two", "deployer=single"],
        ["deployer=single", "one, two", "a port of its own"],
    ),
    "a port that is none": (["one", "--port", "70000"], ["--port 70000"]),
    "a deployer that cannot serve": (["one", "deployer=onnx"], ["deployer=onnx", "cannot serve"]),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_remedy(
    arguments: list[str], said: list[str], mlfw_here: Mlfw
) -> None:
    done = mlfw_here("serve", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert [words for words in said if words not in done.stderr] == [], done.stderr


TOKEN_FILES = {
    "readable by others": (f"{TOKEN}\n", 0o640, ["mode 640", "chmod 600"]),
    "empty": ("\n", 0o600, ["found nothing", "umask 077"]),
    "missing": (None, 0o600, ["cannot be read", "umask 077"]),
    "too short": ("opensesame", 0o600, ["at least 16 characters"]),
    "two lines": (f"{TOKEN}\n{TOKEN}\n", 0o600, ["one line"]),
}


@pytest.mark.parametrize(("content", "mode", "said"), TOKEN_FILES.values(), ids=TOKEN_FILES)
def test_a_token_file_that_will_not_do_is_told_without_its_content(
    content: str | None, mode: int, said: list[str], mlfw_here: Mlfw, tmp_path: Path
) -> None:
    file = tmp_path / "the token"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    done = mlfw_here("serve", "one", "--token-file", file)
    assert done.returncode == 2
    assert [words for words in said if words not in done.stderr] == [], done.stderr
    assert "sesame" not in done.stderr
    assert TOKEN not in done.stderr


def test_the_remedy_for_a_token_file_makes_one_that_will_do(
    mlfw_here: Mlfw, tmp_path: Path
) -> None:
    file = tmp_path / "the token"
    done = mlfw_here("serve", "one", "--token-file", file)
    typed = done.stderr.partition("type: ")[2].strip()
    subprocess.run(["sh", "-c", typed], check=True, cwd=tmp_path)
    assert told(mlfw_here("serve", "one", "--token-file", file))["token"] > 40


def test_a_port_in_use_is_found_before_anything_is_loaded_and_a_free_one_named(
    mlfw_here: Mlfw,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = mlfw_here("serve", "one", "--port", port)
    assert done.returncode == 2
    assert f"--port {port}: cannot listen on 127.0.0.1:{port}" in done.stderr
    named = int(done.stderr.rpartition("--port ")[2])
    assert told(mlfw_here("serve", "one", "--port", named))["port"] == str(named)


def test_a_run_is_deployed_by_its_own_deployer(mlfw_here: Mlfw) -> None:
    done = mlfw_here("deploy", "one", "deployer.label=mine")
    assert (done.returncode, done.stdout) == (0, "deployed  mine 7\n"), done.stderr
    assert mlfw_here("deploy", "odd", "deployer=probe").stdout == "deployed  plain 1\n"
