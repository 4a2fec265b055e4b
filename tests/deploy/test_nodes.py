"""One training on several machines, here two launchers on one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, environment

SCRIPT = ROOT / "deploy/nodes/run.sh"
RUN = ("dataset=sklearn", "dataset.name=wine", "model=mlp", "trainer.accelerator=cpu",
       "trainer.epochs=3", "run.dir=run")  # fmt: skip


def test_two_nodes_end_with_the_same_model(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    nodes = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        nodes.append(
            subprocess.Popen(
                [SCRIPT, str(number), address, "2", *RUN],
                cwd=tmp_path / str(number),
                env=environment(PATH=path),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
    for node in nodes:
        _, errors = node.communicate(timeout=200)
        assert node.returncode == 0, errors.decode()

    first, second = (
        (tmp_path / str(n) / "run/model/weights.safetensors").read_bytes() for n in range(2)
    )
    assert first == second


def test_without_arguments_it_says_what_to_type() -> None:
    result = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "NODE ADDRESS:PORT NODES" in result.stderr
