"""`mlfw export`: a folder from which strangers predict as mlfw does, whole or not at all."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pyarrow.csv
import pytest

import mlfw
from conftest import Mlfw, write_small_csv
from damaged_onnx import wrong_writer
from mlfw import UserError
from mlfw.pipeline.manifest import renew_checksums
from mlfw_onnx.deployer import Onnx
from plugin_folder import write_plugin

FILES = ["README.md", "card.json", "card.md", "model.onnx", "sample.json", "schema.json"]
WRONG = '''
from dataclasses import dataclass

import mlfw
from mlfw_sklearn import models
from mlfw_onnx import OnnxPredictor
from onnx import numpy_helper

class Predictor(OnnxPredictor):
    """Writes a model whose classes are the wrong way round."""

    def to_onnx(self):
        model = super().to_onnx()
        for constant in model.graph.initializer:
            if constant.dims == [2] and constant.string_data:
                constant.string_data[:] = constant.string_data[::-1]
        return model

@dataclass(kw_only=True)
class Wrong(models.Tree):
    """A tree."""

    def load(self, folder, schema):
        right = super().load(folder, schema)
        return Predictor(right.schema, right.content, right.preparation)

@mlfw.hookimpl
def mlfw_models():
    return {"wrong": Wrong}
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs `tree`, which was deployed, and others."""
    home = tmp_path_factory.mktemp("home")
    write_small_csv(home / "small.csv")
    train(home, "tree", "model=tree", "deployer=onnx")
    return home


def train(home: Path, name: str, *overrides: str) -> None:
    data = [f"dataset.path={home / 'small.csv'}", "dataset.target=good"]
    run = [f"run.name={name}", f"run.folder={home / 'runs'}"]
    mlfw.run(None, ["dataset=csv", *data, *run, *overrides])


@pytest.fixture
def export(home: Path, mlfw_here: Mlfw) -> Mlfw:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return mlfw_here("export", "--runs", home / "runs", *arguments)

    return run


@pytest.fixture(scope="module")
def deployed(home: Path) -> Path:
    """What `mlfw run deployer=onnx` has made."""
    return home / "runs/tree/deploy/onnx"


def test_a_run_can_be_exported_to_a_new_or_an_empty_folder(export: Mlfw, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    for folder in ("new/model", "there"):
        result = export("tree", "--to", "onnx", "-o", folder)

        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(f"exported  {folder}/model.onnx\n")
        assert "labels are equal, numbers differ by at most" in result.stdout
        assert "8 test rows" in result.stdout
        assert result.stdout.endswith(f"next:\n  cat {folder}/README.md\n")
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == FILES


def test_a_run_deploys_by_exporting(home: Path, deployed: Path) -> None:
    assert sorted(path.name for path in deployed.iterdir()) == sorted([*FILES, "deployment.json"])
    assert json.loads((home / "runs/tree/run.json").read_text())["deployed"] == str(
        deployed / "model.onnx"
    )
    assert mlfw.Schema.load(deployed / "schema.json") == mlfw.load(home / "runs/tree").schema


def inputs_of(sample: dict[str, Any]) -> dict[str, np.ndarray]:
    return {
        name: np.array(values, object)
        if isinstance(values[0], str)
        else np.array([math.nan if value is None else value for value in values])
        for name, values in sample["inputs"].items()
    }


def test_the_samples_predictions_are_those_of_mlfw_and_of_onnx(home: Path, deployed: Path) -> None:
    sample = json.loads((deployed / "sample.json").read_text())

    session = ort.InferenceSession(deployed / "model.onnx")
    label, likely = session.run(["label", "probabilities"], inputs_of(sample))

    assert label.tolist() == sample["outputs"]["label"]
    assert np.allclose(likely, sample["outputs"]["probabilities"], atol=1e-12)
    with pytest.warns(mlfw.DataWarning, match="colour"):
        predicted = mlfw.load(home / "runs/tree").predict(sample["rows"])
    assert predicted["prediction"].to_pylist() == sample["outputs"]["label"]


def test_the_sample_holds_what_is_odd_and_no_row_of_the_data(home: Path, deployed: Path) -> None:
    rows = json.loads((deployed / "sample.json").read_text())["rows"]
    real = pyarrow.csv.read_csv(home / "small.csv").to_pylist()

    assert {row["colour"] for row in rows} == {"blue", "green", "red", "unseen", None}
    assert {row["fresh"] for row in rows} == {True, False, None}
    assert None not in rows[0].values()
    assert set(rows[-1].values()) == {None}
    assert {1e300, None} < {row["price"] for row in rows}
    assert not {(row["size"], row["price"]) for row in rows} & {
        (row["size"], row["price"]) for row in real
    }


def code(page: Path, language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
    return str(block)


def test_the_python_of_the_readme_predicts_the_first_sample_row(deployed: Path) -> None:
    sample = json.loads((deployed / "sample.json").read_text())
    result = subprocess.run(
        [sys.executable, "-c", code(deployed / "README.md", "python")],
        cwd=deployed, capture_output=True, text=True,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    label, likely = result.stdout.splitlines()
    assert label == f"label {sample['outputs']['label'][0]}"
    shown = np.array(likely.removeprefix("probabilities ").strip("[]").split(), float)
    assert np.allclose(shown, sample["outputs"]["probabilities"][0])


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_the_javascript_of_the_readme_can_be_parsed(deployed: Path, tmp_path: Path) -> None:
    (tmp_path / "predict.js").write_text(code(deployed / "README.md", "js"))

    subprocess.run(["node", "--check", tmp_path / "predict.js"], check=True)


def test_the_readme_names_every_column_with_its_type(deployed: Path) -> None:
    page = (deployed / "README.md").read_text()

    for row in (
        "| `size` | double [rows] | a number | NaN |",
        '| `colour` | string [rows] | a category: `blue`, `green`, `red` | `""` |',
        "| `fresh` | double [rows] | 1 (true) or 0 (false) | NaN |",
        "| `label` | string [rows] | the good predicted |",
        "| `probabilities` | double [rows, 2] | how likely each class is: `bad`, `good` |",
    ):
        assert row in page
    for language in ("python", "js", "java", "csharp"):
        lines = code(deployed / "README.md", language)
        assert '"colour"' in lines
        assert '"blue"' in lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "onx"], ["--to onx: no such format", "Did you mean 'onnx'?"]),
        (["--to", "bentoml"], ["--to bentoml: a deployer that exports nothing", "onnx"]),
        (["--to", "onnx", "deployer=onnx"], ["named by --to"]),
        (["--to", "onnx", "deployer.rows=3"], ["deployer.rows", "check_rows"]),
        (["--to", "onnx", "deployer.check_rows=-1"], ["deployer.check_rows", "at least 0"]),
        (["--to", "onnx", "--runs", "none"], ["none", "mlfw"]),
    ],
)
def test_a_mistake_is_said_and_leaves_nothing(
    arguments: list[str], said: list[str], export: Mlfw, tmp_path: Path
) -> None:
    result = export("tree", "-o", "out", *arguments)

    assert result.returncode == 2
    for words in said:
        assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_left_alone(export: Mlfw, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    (tmp_path / "out-2").mkdir()

    held = export("tree", "--to", "onnx", "-o", "out")
    file = export("tree", "--to", "onnx", "-o", "out/mine.txt")

    assert held.returncode == file.returncode == 2
    assert "-o out: expected a new or an empty folder" in held.stderr
    assert "Name another one: -o out-3" in held.stderr
    assert "expected a folder, found a file" in file.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_model_that_predicts_otherwise_in_onnx_is_not_written(
    home: Path, export: Mlfw, mlfw_here: Mlfw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(write_plugin(home, "wrong", WRONG))
    train(home, "wrong", "model=wrong")

    for folder in ("out", "."):
        result = export("wrong", "--to", "onnx", "-o", folder)

        assert result.returncode == 2
        assert "sample row 1, label: expected '" in result.stderr
        assert "Nothing was written." in result.stderr
        assert list(tmp_path.iterdir()) == []
    deployed = mlfw_here("deploy", "wrong", "--runs", home / "runs", "deployer=onnx")
    assert deployed.returncode == 2
    assert not (home / "runs/wrong/deploy").exists()


def test_without_the_runs_data_the_sample_alone_is_compared(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "runs/tree/model", tmp_path / "model")
    (tmp_path / "out").mkdir()

    made = Onnx().deploy(tmp_path / "model", tmp_path / "out", "tree")

    assert made.artifact == "model.onnx"
    assert re.fullmatch(r"Compared with mlfw on \d+ made-up rows: .*", made.notes[0])


def test_a_file_that_holds_another_model_than_it_should_is_noticed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_onnx.deployer.write_bytes", wrong_writer("model.onnx"))

    with pytest.raises(UserError, match=r"deployer=onnx: .*: sample row \d+, "):
        Onnx().deploy(home / "runs/tree/model", tmp_path, "tree")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def changed(home: Path, tmp_path: Path) -> Callable[[Any], Path]:
    """Returns a copy of the saved tree with another sample."""

    def change(sample: Any) -> Path:
        folder = tmp_path / "model"
        shutil.copytree(home / "runs/tree/model", folder)
        (folder / "sample.json").write_text(json.dumps(sample))
        renew_checksums(folder)
        return folder

    return change


def test_predictions_are_compared_with_those_of_when_the_model_was_saved(
    deployed: Path, changed: Callable[[Any], Path], tmp_path: Path
) -> None:
    sample = json.loads((deployed / "sample.json").read_text())
    sample["outputs"]["probabilities"][4] = [0.25, 0.75]

    with pytest.raises(UserError, match=r"sample row 5, probabilities of 'bad': expected 0\.25,"):
        Onnx().deploy(changed(sample), tmp_path / "out", "tree")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "sample", [[], {"rows": [{}], "outputs": {}}, {"rows": [], "outputs": {"label": {}}}]
)
def test_a_sample_that_is_none_is_refused(
    sample: Any, changed: Callable[[Any], Path], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"sample\.json: damaged"):
        Onnx().deploy(changed(sample), tmp_path / "out", "tree")
