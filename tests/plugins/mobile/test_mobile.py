"""`mlfw export --to mobile` of estimators: one file for Android and iOS, in two projects."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest

import mlfw
from damaged_onnx import wrong_writer
from mixed_table import mixed_splits, odd_rows
from mlfw import FitContext, Splits, UserError
from mlfw.hints import install
from mlfw.pipeline.saved_model import save_model
from mlfw.plugins import load_plugins
from mlfw.plugins.builtin import NoTrainer
from mlfw_mobile.columns import Layout
from mlfw_mobile.deployer import Mobile, PhoneRuntime
from mlfw_mobile.phone_graph import PhoneComparison, phone_model, written
from mlfw_mobile.sources import ios_files, kotlin_row, swift_row
from mlfw_onnx import OnnxPredictor, TargetOutputs, checked_model
from mlfw_sklearn.models import Linear

TARGETS = ("answer", "level", "price", "tags")
ASSETS = "android/app/src/main/assets"
ODD = 'say "$hi" \\(x) */ \\'
RESOURCES = "ios/Sources/Resources"


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    return mixed_splits(tmp_path_factory.mktemp("data"), TARGETS)


@pytest.fixture(scope="module")
def model(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved linear model of columns of all kinds and several targets."""
    folder = tmp_path_factory.mktemp("saved")
    context = FitContext(trainer=NoTrainer(), seed=0, folder=folder, report=lambda *_: None)
    fitted = Linear().fit(splits, context)
    entry = load_plugins().registry.kind("model")["linear"]
    save_model(fitted, {}, entry, folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def exported(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    made = Mobile().deploy(model, folder, 'my "first" $model & more')
    assert "labels are equal" in made.notes[0]
    return folder


def test_the_graph_for_phones_has_no_doubles_and_predicts_the_same(
    model: Path, splits: Splits
) -> None:
    predictor = mlfw.load(model).predictor
    original = predictor.to_onnx()
    before = original.SerializeToString()

    phone = phone_model(original)

    onnx.checker.check_model(phone, full_check=True)
    assert original.SerializeToString() == before
    types = {v.type.tensor_type.elem_type for v in (*phone.graph.input, *phone.graph.output)}
    kinds = onnx.TensorProto
    assert types <= {kinds.STRING, kinds.FLOAT, kinds.INT32, kinds.INT64, kinds.UINT8}
    content = phone.SerializeToString()
    comparison = PhoneComparison(predictor, checked_model(content, "m", any_operators=True))
    comparison.check(mlfw.conform(splits.test, splits.schema), "test")
    comparison.check(mlfw.conform(odd_rows(), splits.schema), "odd")
    assert 0 < comparison.largest < 1e-6


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.1, "0.1"), (-1e300, "-1e+300"), (5e-324, "0"), (float("inf"), "NaN"), (-0.0, "0")],
)
def test_numbers_are_written_so_that_every_parser_reads_them(number: float, text: str) -> None:
    assert written(number) == text


def test_both_projects_hold_the_same_model_and_rows(exported: Path) -> None:
    for name in ("model.onnx", "columns.json", "sample.json"):
        assert (exported / ASSETS / name).read_bytes() == (exported / RESOURCES / name).read_bytes()
    columns = json.loads((exported / ASSETS / "columns.json").read_text())
    described = {each["name"]: each for each in columns["columns"]}
    assert described["colour"]["categories"] == ["blue", "green", "red"]
    assert described["whole number"]["integer"]
    assert described["remark"]["type"] == "float32"
    assert {t["name"]: t["task"] for t in columns["targets"]} == {
        "answer": "binary", "level": "multiclass", "price": "regression", "tags": "multilabel",
    }  # fmt: skip
    sample = json.loads((exported / ASSETS / "sample.json").read_text())
    assert len(sample["rows"]) == len(sample["predictions"]) > 16
    assert set(sample["rows"][-1].values()) == {None}
    answer, _, _, tags = sample["predictions"][0]
    assert answer["label"] in ("false", "true")
    assert np.isclose(sum(answer["probabilities"]), 1)
    assert set(tags["labels"]) <= {"high", "red"}


def test_the_sources_are_made_from_the_schema(exported: Path) -> None:
    (kotlin,) = exported.glob("android/app/src/main/java/app/mlfw/*/Row.kt")
    swift = (exported / "ios/Sources/Row.swift").read_text()

    text = kotlin.read_text()
    assert text.startswith("package app.mlfw.model_my_first_model_more\n")
    for line in (
        "    var wholeNumber: Double? = null,",
        "    var ready: Boolean? = null,",
        "    var seenAt: LocalDateTime? = null,",
        '            row.seenAt = values["seen \\"at\\""] as LocalDateTime?',
        "                price = outputs[2][0],",
        "                tags = targets[3].labels(outputs[3]),",
    ):
        assert line in text.splitlines()
    for line in (
        "    public var seenAt: Date?",
        '        seenAt = values["seen \\"at\\""] as? Date',
        "        answer = targets[0].likely(outputs[0])",
    ):
        assert line in swift.splitlines()
    files = [path for path in exported.rglob("*") if path.suffix in (".kt", ".swift", ".kts")]
    for path in files:
        assert not re.search(r"@[A-Z]+@", path.read_text()), path
    assert len(files) > 10


@pytest.mark.parametrize("runtime", ["onnx", "executorch"])
def test_the_swift_can_be_parsed(exported: Path, model: Path, runtime: str) -> None:
    from tree_sitter import Language, Parser
    from tree_sitter_swift import language

    schema = mlfw.load(model).schema
    columns = (ODD, "class", "self", "made", "日本", "a b", "a-b")
    notes = tuple({"name": n, "kind": "number", "type": "string", "usual": 1e300} for n in columns)
    outputs = TargetOutputs.named(schema, ())
    odd = [dataclasses.replace(each, target=ODD) for each in outputs]
    sources = {path.name: path.read_text() for path in exported.glob("ios/**/*.swift")}
    sources |= ios_files(Layout(schema, notes, outputs), ODD, runtime)
    sources["odd"] = swift_row(Layout(schema, notes, tuple(odd)))

    assert len(sources) > 6
    for name, text in sources.items():
        tree = Parser(Language(language())).parse(text.encode())
        assert not tree.root_node.has_error, f"{name}: {text}"


def test_a_row_of_many_columns_fits_into_a_constructor(model: Path) -> None:
    schema = mlfw.load(model).schema
    notes = [{"name": f"x{n}", "kind": "number", "type": "string"} for n in range(300)]
    outputs = TargetOutputs.named(schema, ())

    few, many = (kotlin_row(Layout(schema, tuple(notes[:n]), outputs), "p") for n in (200, 300))

    assert "data class Row(\n" in few
    assert "\nclass Row {\n" in many


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ({"kind": "image"}, "holds images, .*; this model has the formats onnx, web, torch"),
        (
            {"kind": "text", "tokenizer": "{}"},
            "holds texts in parts of words, .*; this model has the formats onnx, torch",
        ),
    ],
)
def test_columns_that_the_apps_cannot_read_are_named_with_the_formats_there_are(
    model: Path, notes: dict[str, str], said: str
) -> None:
    schema = mlfw.load(model).schema

    with pytest.raises(UserError, match=f"column 'picture' {said}"):
        Layout(schema, ({"name": "picture", **notes},), ()).check(network=True)


def test_without_executorch_a_network_says_what_to_install(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_mobile.deployer._network", lambda _: True)
    monkeypatch.setattr("mlfw_mobile.deployer.find_spec", lambda _: None)

    with pytest.raises(UserError, match=r"'executorch'.*is not installed") as raised:
        Mobile().deploy(model, tmp_path, "model")
    assert install("mlfw[mobile]") in raised.value.remedy
    assert "deployer.runtime=onnx" in raised.value.remedy


def test_the_projects_name_the_model_and_fixed_versions(exported: Path) -> None:
    manifest = ElementTree.parse(exported / "android/app/src/main/AndroidManifest.xml")
    (application,) = manifest.iter("application")
    android = "{http://schemas.android.com/apk/res/android}"
    assert application.get(f"{android}label") == 'my "first" $model & more'
    gradle = (exported / "android/app/build.gradle.kts").read_text()
    assert 'implementation("com.microsoft.onnxruntime:onnxruntime-android:1.29.0")' in gradle
    assert 'exact: "1.24.2"' in (exported / "ios/Package.swift").read_text()


def test_the_readme_shows_every_column_with_its_property(exported: Path) -> None:
    page = (exported / "README.md").read_text()

    for row in (
        "| `whole number` | `wholeNumber` | a number |",
        '| `seen "at"` | `seenAt` | a date with a time, without a time zone; in Swift in UTC |',
        "| `tags` | `tags` | `labels`, and how likely each label is: `high`, `red` |",
    ):
        assert row in page
    assert "made-up rows" in page


def test_a_graph_that_predicts_otherwise_is_not_written(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(predictor: OnnxPredictor) -> onnx.ModelProto:
        made = onnx.load_model_from_string(predictor.content)
        for constant in made.graph.initializer:
            if constant.dims == [2] and constant.string_data:
                constant.string_data[:] = constant.string_data[::-1]
            elif constant.data_type == onnx.TensorProto.DOUBLE:
                values = onnx.numpy_helper.to_array(constant)
                constant.CopyFrom(onnx.numpy_helper.from_array(values * 1.01, constant.name))
        return made

    monkeypatch.setattr(OnnxPredictor, "to_onnx", wrong)

    with pytest.raises(
        UserError, match="deployer=mobile: the exported model and mlfw predict diff"
    ):
        Mobile().deploy(model, tmp_path, "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{ASSETS}/model.onnx", "predict differently: sample row 1,"),
        (f"{RESOURCES}/model.onnx", "model.onnx for iOS was not written as it should be"),
    ],
)
def test_a_file_that_holds_another_model_than_it_should_is_noticed(
    path: str, said: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_mobile.deployer.write_bytes", wrong_writer(path))

    with pytest.raises(UserError, match=said):
        Mobile().deploy(model, tmp_path, "model")
    assert list(tmp_path.iterdir()) == []


def test_an_estimator_has_no_form_for_executorch(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="runs networks only, and a model=linear is none"):
        Mobile(runtime=PhoneRuntime.executorch).deploy(model, tmp_path, "model")
