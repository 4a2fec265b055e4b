"""Every command and every block of code in the README runs."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import ROOT, environment, within
from existing_package import write_package
from mlfw.cli.main import main

# What the README calls the classes of somebody's package.
SHOP = {
    "data.py": "\n\nclass Orders(Blobs):\n    pass\n",
    "nets.py": "\n\nclass Ranker(Net):\n    pass\n",
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(name: str = "README.md") -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / name).read_text())


@dataclass
class Reader:
    """Somebody who types what the README says, in order, in a folder with the examples."""

    folder: Path
    port: int
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return environment(
            PATH=path, PYTHONPATH=str(self.site), BENTOML_HOME=str(self.folder / "bentos")
        )

    @property
    def site(self) -> Path:
        """Where the packages lie that the reader has installed."""
        return self.folder / "site"

    def type(self, command: str) -> str:
        command = command.replace("3000", str(self.port))
        if command.startswith("make "):
            command = f"make -C {ROOT} -n {command.removeprefix('make ')}"
        if command.startswith("source "):
            return ""  # the reader's shell finds `mlfw` already
        if command.startswith("mlfw serve"):
            self._serve(command)
            return ""
        if command.startswith("mlfw "):
            # What ranks do is tested elsewhere; here the plan shows that the command is right.
            plan = ["--plan"] if "trainer.devices" in command else []
            return self._run_here([*shlex.split(command)[1:], *plan])
        result = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.env, capture_output=True, text=True
        )
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
        return result.stdout

    def run(self, code: str) -> str:
        """Run a block of Python."""
        return self._here(lambda: exec(code, {"__name__": "__main__"}))

    def _run_here(self, arguments: list[str]) -> str:
        """Run `mlfw`."""
        return self._here(lambda: main(arguments), f"mlfw {arguments}")

    def _here(self, act: Callable[[], int | None], what: str = "") -> str:
        """Act within this process, which spares loading the libraries for each command."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.chdir(self.folder)
            patch.syspath_prepend(self.site)
            for name, value in self.env.items():
                patch.setenv(name, value)
            status = act()
        assert not status, f"{what}\n{out.getvalue()}{err.getvalue()}"
        return out.getvalue()

    def _serve(self, command: str) -> None:
        self.servers.append(
            subprocess.Popen(
                f"exec {command}", shell=True, cwd=self.folder, env=self.env,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
        deadline = time.monotonic() + within(90)
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz"):
                    return
            except OSError:
                assert self.servers[-1].poll() is None, "the server has ended"
                time.sleep(0.2)
        pytest.fail("the server did not come up")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "examples", folder / "examples")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reader = Reader(folder, free.getsockname()[1])
    shop = write_package(reader.site, "shop") / "shop"
    for module, line in SHOP.items():
        with (shop / module).open("a") as file:
            file.write(line)
    yield reader
    for server in reader.servers:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def test_every_command_and_block_runs_in_the_order_of_the_readme(reader: Reader) -> None:
    for language, text in blocks():
        if language == "console":
            for command in text.replace("\\\n", " ").splitlines():
                reader.type(command)
        elif language == "yaml":
            name = text.splitlines()[0].removeprefix("# ")
            (reader.folder / name).write_text(text)
        elif language == "python" and "hookimpl" not in text:
            reader.run(text)


def test_the_plugin_of_the_readme_is_found_and_explained(tmp_path: Path) -> None:
    (plugin,) = (text for language, text in blocks() if "hookimpl" in text)
    (entry,) = (text for language, text in blocks() if language == "toml")
    name = tomllib.loads(entry)["project"]["entry-points"]["mlfw"]["nearest"]
    (tmp_path / f"{name}.py").write_text(plugin)
    info = tmp_path / "mlfw_nearest-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: mlfw-nearest\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[mlfw]\nnearest = {name}\n")

    result = subprocess.run(
        [sys.executable, "-m", "mlfw", "show", "model", "nearest"],
        env=environment(PYTHONPATH=str(tmp_path)), capture_output=True, text=True,
    )  # fmt: skip

    assert "How many neighbours to ask." in result.stdout
    assert "1 to 30" in result.stdout


def test_the_entry_point_of_the_readme_is_that_of_the_example() -> None:
    (entry,) = (text for language, text in blocks() if language == "toml")
    project = tomllib.loads((ROOT / "examples/plugins/mlfw-nearest/pyproject.toml").read_text())

    assert tomllib.loads(entry)["project"]["entry-points"] == project["project"]["entry-points"]


def test_the_ten_line_configuration_has_ten_lines() -> None:
    (config,) = (text for language, text in blocks() if language == "yaml")

    assert len(config.splitlines()) <= 11  # the first one names the file


def test_every_link_leads_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            assert link.startswith("http") or (ROOT / link).exists(), link


def test_the_commands_of_contributing_are_targets_of_the_makefile() -> None:
    for language, text in blocks("CONTRIBUTING.md"):
        assert language == "console"
        for command in text.splitlines():
            subprocess.run(["make", "-C", str(ROOT), "-n", *command.split()[1:]], check=True)


def test_the_first_commands_are_to_clone_to_make_and_to_activate() -> None:
    typed = [
        (language, line)
        for language, text in blocks()
        if language in ("text", "console")
        for line in text.splitlines()
    ]
    makefile = (ROOT / "Makefile").read_text()
    venv = re.search(r"^VENV := (\S+)$", makefile, re.MULTILINE)

    assert [line for _, line in typed[:4]] == [
        "git clone ADDRESS mlfw", "cd mlfw", "make demo", "make test",
    ]  # fmt: skip
    assert venv is not None
    assert typed[4] == ("console", f"source {venv.group(1)}/bin/activate")
    assert typed[5][1].startswith("mlfw run ")


def test_a_fresh_clone_holds_all_that_the_first_commands_need(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", ROOT, "mlfw"], cwd=tmp_path, check=True)
    clone = tmp_path / "mlfw"
    shown = subprocess.run(
        ["make", "-n", "demo"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout

    assert "-m venv .venv" in shown
    assert "--constraint constraints.txt" in shown
    for named in ("constraints.txt", "pyproject.toml", "examples/penguins/run.yaml",
                  "examples/penguins/penguins.csv"):  # fmt: skip
        assert (clone / named).is_file()
