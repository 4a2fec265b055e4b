"""Models that the tests of what serves them share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mlfw
from mlfw.files import sha256, write_json
from plugin_folder import write_plugin

ECHO = """
from dataclasses import dataclass

import mlfw

class Predictor(mlfw.Predictor):
    def __init__(self, schema):
        self.schema = schema

    def predict(self, rows):
        values = rows["x"].to_pylist()
        if -1 in values:
            raise RuntimeError("a secret of the model")
        found = [float("nan") if x is None else x for x in values]
        return mlfw.predictions_table(self.schema, found)

    def save(self, folder):
        pass

@dataclass(kw_only=True)
class Echo(mlfw.Model):
    def fit(self, data, context):
        return Predictor(data.schema)

    def load(self, folder, schema):
        return Predictor(schema)

@mlfw.hookimpl
def mlfw_models():
    return {"echo": Echo}
"""


def train(folder: Path, rows: list[dict[str, Any]], **dataset: Any) -> Path:
    """Train a linear model on rows and return the saved model's folder."""
    data, config = folder / "rows.jsonl", folder / "run.yaml"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"use": "jsonl", "path": str(data), **dataset}
    config.write_text(json.dumps({"dataset": settings, "model": "linear"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFW_RUNS", str(folder / "runs"))
        return mlfw.run(config).dir / "model"


def row(number: int) -> dict[str, Any]:
    """Return one of the rows that the model is trained on, without the target."""
    return {
        "Culmen Length (mm)": number * 1.5,
        "class": number,
        "colour": ("red", "green", "blue")[number % 3],
        "grade": ("1", "2", "3")[number % 3],
        "fresh": number % 2 == 0,
        "model_config": f"2024-01-{number % 28 + 1:02}T10:00:00",
        "größe": f"the note of number {number}",
    }


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of rows with a column of every kind, some under awkward names."""
    rows = [{**row(i), "species": "small" if i < 30 else "large"} for i in range(60)]
    columns = {"class": "number", "grade": "category", "größe": "text"}
    return train(tmp_path_factory.mktemp("model"), rows, target="species", columns=columns)


@pytest.fixture(scope="session")
def echo_site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for PYTHONPATH with a third party's plugin that loads fast."""
    return write_plugin(tmp_path_factory.mktemp("echo"), "echo", ECHO)


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model of that plugin: it gives the number it is given, and NaN for none."""
    folder = tmp_path_factory.mktemp("saved") / "echo"
    folder.mkdir()
    x, y = (mlfw.Column(name=name, kind=mlfw.Kind.number) for name in "xy")
    mlfw.Schema.of(columns=(x,), target=y, task=mlfw.Task.regression).save(folder / "schema.json")
    manifest = {
        "format": 1,
        "mlfw": mlfw.__version__,
        "model": {"use": "echo"},
        "plugin": {"name": "echo", "distribution": "mlfw-echo"},
        "files": {"schema.json": sha256(folder / "schema.json")},
    }
    write_json(folder / "manifest.json", manifest)
    return folder
