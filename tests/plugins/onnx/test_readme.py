"""The page beside a model holds code that runs, whatever the columns are called and hold."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import mlfw
from mlfw import Column, FitContext, Kind, Schema, Splits, Task
from mlfw.plugins.builtin import NoTrainer
from mlfw_onnx import Parity, checked_model, input_notes
from mlfw_onnx.readme import Page
from mlfw_onnx.sample import sample_rows
from mlfw_sklearn.models import Tree

ROWS = 24
ODD = ['a "b" \\ | c`d', "größe\t价格", "__proto__", "label", "'"]


def picture(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (3, 2), grey).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a model of columns with odd names, of a text and of an image, and its page."""
    numbers = np.arange(ROWS * 1.0)
    columns = [Column(name=name, kind=Kind.number) for name in ODD]
    columns += [
        Column(name="words", kind=Kind.text, prepare={"min_count": 1}),
        Column(name="face", kind=Kind.image),
        Column(name="odd", kind=Kind.category, categories=("two  blanks", "x|y")),
    ]
    schema = Schema(
        columns=tuple(columns),
        targets=(
            mlfw.Target(
                column=Column(name="y", kind=Kind.category), task=Task.binary, classes=("a", "b")
            ),
            mlfw.Target(column=Column(name="z", kind=Kind.number), task=Task.regression),
        ),
    )
    values = {name: numbers * (place + 1) for place, name in enumerate(ODD)}
    values["words"] = ["good day", "bad", "good", "day"] * 6
    values["face"] = [picture(int(10 * n)) for n in numbers]
    values["odd"] = ["two  blanks", "x|y"] * 12
    rows = pa.table({**values, "y": ["a", "b"] * 12, "z": numbers})
    made = tmp_path_factory.mktemp("made")
    context = FitContext(trainer=NoTrainer(), seed=0, folder=made, report=lambda *_: None)
    predictor = Tree().fit(Splits(rows, rows, rows, schema), context)

    model = predictor.to_onnx()
    content = model.SerializeToString()
    sample = mlfw.conform(sample_rows(schema, input_notes(model)), schema)
    Parity(predictor, checked_model(content, "model.onnx")).check(sample, "sample")
    (made / "model.onnx").write_bytes(content)
    page = Page("odd", "tree", model, predictor.onnx_feeds(sample.slice(0, 1)))
    (made / "README.md").write_text(page.text("Compared."))
    first = predictor.predict(sample.slice(0, 1))
    (made / "expected").write_text(
        "\n".join(str(first[name][0]) for name in ("prediction_y", "prediction_z"))
    )
    return made


def code(folder: Path, language: str) -> str:
    page = (folder / "README.md").read_text()
    (found,) = re.findall(rf"```{language}\n(.*?)\n```", page, re.DOTALL)
    return str(found)


def test_the_python_runs_and_predicts_the_first_sample_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)

    exec(code(folder, "python"), {})

    label, probabilities, prediction = capsys.readouterr().out.splitlines()
    expected = (folder / "expected").read_text().splitlines()
    assert label == f"label_y {expected[0]}"
    assert probabilities.startswith("probabilities_y [")
    assert prediction == f"prediction_z {expected[1]}"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_the_javascript_can_be_parsed(folder: Path) -> None:
    (folder / "predict.js").write_text(code(folder, "js"))

    subprocess.run(["node", "--check", folder / "predict.js"], check=True)


def test_every_language_has_every_input_in_quotes(folder: Path) -> None:
    for language in ("python", "js", "java", "csharp"):
        for name in (r'"a \"b\" \\ | c`d"', r'"größe\t价格"', '"words"', '"face"'):
            assert name in code(folder, language)


def test_the_table_names_what_odd_names_and_categories_are(folder: Path) -> None:
    page = (folder / "README.md").read_text()

    for row in (
        '| `` a "b" \\ \\| c`d `` | double [rows] | a number | NaN |',
        '| `"größe\\t价格"` | double [rows] |',
        '| `odd` | string [rows] | a category: `"two  blanks"`, `x\\|y` | `""` |',
        "| `words` | float [rows, 3] | how often each of the words stands in a text | zeros |",
        "| `face` | uint8 [rows, 1, 2, 3] | an image as grey from 0 to 255, resized to 3 x 2",
    ):
        assert row in page
