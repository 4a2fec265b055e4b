"""A model that mlfw wrote is loaded from a file or from memory, cheaply."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from mlfw import UserError
from mlfw_onnx import session
from mlfw_onnx.checks import check_graph
from mlfw_onnx.session import checked_model

from .small_forest import CLASSES, CONTENT, ROWS, model_of
from .test_sizes import BOMBS


def test_a_model_that_mlfw_wrote_is_loaded_and_says_what_it_takes() -> None:
    model = checked_model(CONTENT, "model.onnx")

    found = model.run(ROWS)

    assert found["probabilities"].shape == (3, 3)
    assert model.inputs["size"] == {"name": "size", "kind": "number", "usual": 1.0}
    assert model.targets[0].classes == CLASSES
    expected = ort.InferenceSession(CONTENT).run(["probabilities"], ROWS)[0]
    np.testing.assert_array_equal(found["probabilities"], expected)


def test_the_step_of_a_loop_is_checked_too() -> None:
    content = model_of(
        lambda x: x.graph.loop(9, x, lambda _, state: state * 2.0, [None, 2])
    ).SerializeToString()

    assert any(each.op_type == "Loop" for each in onnx.ModelProto.FromString(content).graph.node)
    assert checked_model(content, "model.onnx").run(ROWS, ["label"])["label"].shape == (3,)


def test_a_file_is_read_from_disk_and_a_fifo_is_not(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    (tmp_path / "empty.onnx").touch()
    os.mkfifo(tmp_path / "fifo.onnx")

    assert checked_model(tmp_path / "model.onnx", "m").run(ROWS)["label"].shape == (3,)
    with pytest.raises(UserError, match="it is empty"):
        checked_model(tmp_path / "empty.onnx", "m")
    with pytest.raises(UserError, match="expected a file, found a FIFO"):
        checked_model(tmp_path / "fifo.onnx", "m")


def test_a_file_that_is_changed_while_it_is_loaded_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(CONTENT)

    def checked(content: Any) -> Any:
        found = check_graph(content)
        path.write_bytes(CONTENT)
        return found

    monkeypatch.setattr(session, "check_graph", checked)
    with pytest.raises(UserError, match="it was changed while it was loaded"):
        checked_model(path, "m")


def test_a_file_is_read_whatever_the_bytes_of_its_name(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path / "model-") + b"\xff.onnx"))
    path.write_bytes(CONTENT)

    assert checked_model(path, "m").run(ROWS)["label"].shape == (3,)


def test_loading_imports_no_onnx_and_hostile_files_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "good.onnx").write_bytes(CONTENT)
    with (tmp_path / "sparse.onnx").open("wb") as file:
        file.truncate(2**31 - 1)
    bomb = model_of(BOMBS["a wide constant"]).SerializeToString()
    (tmp_path / "bomb.onnx").write_bytes(bomb)
    code = f"""
import json, pathlib, sys
from mlfw import UserError
from mlfw_onnx.session import checked_model
refused = 0
for path in sorted(pathlib.Path({str(tmp_path)!r}).glob("*.onnx")):
    try:
        checked_model(path, "m")
    except UserError:
        refused += 1
status = pathlib.Path("/proc/self/status").read_text()
memory = int(status.partition("VmHWM:")[2].split()[0]) * 1024
heavy = [name for name in ("onnx", "torch", "sklearn") if name in sys.modules]
print(json.dumps([refused, memory, heavy]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    refused, memory, loaded = json.loads(done.stdout)
    assert (refused, loaded) == (2, [])
    assert memory < 200_000_000


def test_the_runtime_keeps_and_reports_nothing_of_its_use(tmp_path: Path) -> None:
    model, home = tmp_path / "model.onnx", tmp_path / "home"
    model.write_bytes(CONTENT)
    home.mkdir()
    unset = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    environment = {key: value for key, value in os.environ.items() if key not in unset}
    program = (
        "import sys; from pathlib import Path; from mlfw_onnx.session import checked_model; "
        "checked_model(Path(sys.argv[1]), 'model.onnx')"
    )

    subprocess.run(
        [sys.executable, "-c", program, str(model)],
        env={**environment, "HOME": str(home)},
        check=True,
        timeout=120,
    )

    assert not list(home.rglob("*"))
