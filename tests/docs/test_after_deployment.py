"""Every command of docs/after_deployment.md runs, and what it names is there."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from conftest import ROOT, Mlfw, environment
from mlfw_bentoml.deployer import BentoML
from mlfw_service.watch.metrics import Metrics
from model_server import start_server
from trained_penguins import penguin, trained_penguins

TEXT = (ROOT / "docs/after_deployment.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    return [
        shlex.split(line)
        for language, text in BLOCK.findall(TEXT)
        if language == "console"
        for line in text.splitlines()
    ]


def test_its_commands_run_in_order(
    tmp_path: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained_penguins(), tmp_path / "runs/penguins")
    for program, name, *words in commands():
        assert program == "mlfw"
        if name == "serve":
            command = [sys.executable, "-m", "mlfw", "serve", *words]
            server = start_server(command, tmp_path, environment())
            try:
                server.predict([penguin(number) for number in range(300)])
            finally:
                server.end()
            continue
        result = mlfw_here(name, *words)
        assert result.returncode == 0, result.stderr
        assert "300 rows" in result.stdout
        assert "not compared: Island, Comments" in result.stdout
    assert (tmp_path / "drift.html").is_file()
    assert (tmp_path / "drift.json").is_file()


def test_its_tables_name_what_there_is() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    metrics = Metrics()
    families = text_string_to_metric_families(metrics.text().decode())
    told = {family.name for family in families if family.name.startswith("mlfw_")}
    options = {field.name for field in fields(BentoML) if field.name.startswith("log")}

    assert {name.removesuffix("_total") for name in named if name.startswith("mlfw_")} == told
    assert {name for name in named if name.startswith("log")} == options


def test_its_settings_can_be_read() -> None:
    (text,) = (text for language, text in BLOCK.findall(TEXT) if language == "yaml")

    assert yaml.safe_load(text)["scrape_configs"]
