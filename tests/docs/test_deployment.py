"""Every command and every block of code in docs/deployment.md."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, environment
from model_server import ModelServer, start_server

PAGE = ROOT / "docs/deployment.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BIN = Path(sys.executable).parent
TOKEN = "a-token-of-the-tests-0123456789"


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(PAGE.read_text()) if found == language]


def commands() -> list[str]:
    return [line for text in blocks("console") for line in text.splitlines()]


def test_it_takes_ten_lines_from_training_to_a_container() -> None:
    first, second = BLOCK.findall(PAGE.read_text())[:2]
    lines = [*first[1].splitlines(), *second[1].replace("\\\n", " ").splitlines()]
    assert lines[0].startswith("mlfw run ")
    assert lines[-1].startswith("docker run ")
    assert len(lines) <= 10


def test_what_needs_docker_is_what_the_deployers_say_too() -> None:
    written = "\n".join(path.read_text() for path in (ROOT / "deploy/service").glob("*/README.md"))
    for text in blocks("sh"):
        for line in text.splitlines():
            assert line in written or line == "bentoml containerize penguins:v1", line


def test_shell_passes_shellcheck(tmp_path: Path) -> None:
    (tmp_path / "script.sh").write_text("\n".join([*blocks("sh"), *blocks("console")]))
    done = subprocess.run(
        [BIN / "shellcheck", "--shell=bash", "--exclude=SC2164", tmp_path / "script.sh"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_every_link_leads_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert link.startswith("http") or (PAGE.parent / link).exists(), link


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_command_and_block_runs_in_the_order_of_the_page(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    env = environment(PATH=path, BENTOML_HOME=str(tmp_path / "bentos"))
    folder, servers = tmp_path, list[ModelServer]()
    try:
        for line in commands():
            if line.startswith("cd "):
                assert (folder / line.removeprefix("cd ")).is_dir()
                continue  # what follows it needs Docker
            if line.startswith("mlfw serve "):
                words = shlex.split(line)
                words = words[: words.index("--port")]
                servers.append(start_server([BIN / "mlfw", *words[1:]], folder, env))
                continue
            if servers:
                line = line.replace("localhost:3000", f"localhost:{servers[0].port}")
            done = subprocess.run(
                line, shell=True, cwd=folder, env=env, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        # The same by both clients, without a token and with one.
        secret = tmp_path / "token"
        secret.write_text(TOKEN)
        secret.chmod(0o600)
        servers.append(
            start_server([BIN / "mlfw", "serve", "penguins", "--token-file", secret], folder, env)
        )
        for server, token in zip(servers, ("", TOKEN), strict=True):
            here = {**env, "SERVICE": f"http://localhost:{server.port}", "MLFW_TOKEN": token}
            printed = {
                subprocess.run(
                    [sys.executable, "-c", block],
                    cwd=folder, env=here, capture_output=True, text=True, check=True,
                ).stdout
                for block in blocks("python")
            }  # fmt: skip
            assert len(printed) == 1
            assert printed.pop().lower().count("penguin") == 2
    finally:
        for server in servers:
            server.end()
