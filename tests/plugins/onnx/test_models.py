"""Every model of estimators predicts in ONNX as it does in Python, for every task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pyarrow as pa
import pytest

import mlfw
from mixed_table import mixed_splits, odd_rows
from mlfw import FitContext, Kind, Model, Predictor, Schema, Splits, Task, UserError
from mlfw.plugins.builtin import NoTrainer
from mlfw.schema.predictions import prediction_name, probability_names
from mlfw_onnx.predictions import INPUTS, TARGETS, TargetOutputs
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree

MODELS = {
    "tree": Tree(),
    "forest": Forest(trees=5),
    "boosting": Boosting(iterations=4),
    "svm": SVM(),
    "linear": Linear(),
}
TASKS = {
    "binary": ("answer",),
    "multi-class": ("kind",),
    "whole numbers": ("level",),
    "several": ("kind", "price", "tags"),
}
NEAR = 1e-12


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Splits]:
    folder = tmp_path_factory.mktemp("data")
    return {task: mixed_splits(folder, targets) for task, targets in TASKS.items()}


def fitted(model: Model, splits: Splits, folder: Path) -> Predictor:
    context = FitContext(trainer=NoTrainer(), seed=0, folder=folder, report=lambda *_: None)
    predictor = model.fit(splits, context)
    assert isinstance(predictor, Predictor)
    return predictor


def run(predictor: Predictor, rows: pa.Table) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """Return the model in ONNX, and its outputs for rows that conform to the schema."""
    model = predictor.to_onnx()
    onnx.checker.check_model(model, full_check=True)
    session = ort.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return model, dict(zip(names, session.run(names, predictor.onnx_feeds(rows)), strict=True))


def check(schema: Schema, outputs: TargetOutputs, found: dict[str, Any], wanted: pa.Table) -> None:
    (target,) = (each for each in schema.targets if each.name == outputs.target)
    predicted = wanted[prediction_name(schema, target)].to_pylist()
    assert outputs.task == target.task
    if target.task is Task.regression:
        np.testing.assert_allclose(found[outputs.prediction], predicted, rtol=NEAR)
        return
    likely = [wanted[name].to_numpy() for name in probability_names(schema, target)]
    np.testing.assert_allclose(found[outputs.probabilities], np.stack(likely, 1), atol=NEAR)
    assert outputs.classes == target.classes
    label = found[outputs.label].tolist()
    if target.task is Task.multilabel:
        label = [[n for n, yes in zip(target.classes, row, strict=True) if yes] for row in label]
    assert label == predicted


@pytest.mark.parametrize("task", ["binary", "several"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_onnx_predicts_the_same(
    name: str, task: str, data: dict[str, Splits], tmp_path: Path
) -> None:
    splits = data[task]
    predictor = fitted(MODELS[name], splits, tmp_path)
    tables = [mlfw.conform(rows, splits.schema) for rows in (splits.test, odd_rows())]
    rows = pa.concat_tables(tables, promote_options="permissive")

    model, found = run(predictor, rows)

    for outputs in TargetOutputs.of(model):
        check(splits.schema, outputs, found, predictor.predict(rows))


def test_no_rows_are_no_predictions(data: dict[str, Splits], tmp_path: Path) -> None:
    splits = data["several"]

    _, found = run(fitted(Forest(trees=2), splits, tmp_path), splits.test.slice(0, 0))

    assert all(len(values) == 0 for values in found.values())


def test_inputs_and_outputs_are_typed_and_named_after_columns(
    data: dict[str, Splits], tmp_path: Path
) -> None:
    model = fitted(Tree(), data["several"], tmp_path).to_onnx()

    def described(infos: Any) -> dict[str, tuple[str, list[Any]]]:
        return {
            info.name: (
                onnx.TensorProto.DataType.Name(info.type.tensor_type.elem_type),
                [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim],
            )
            for info in infos
        }

    assert described(model.graph.input) == {
        "amount": ("DOUBLE", ["rows"]),
        "whole number": ("DOUBLE", ["rows"]),
        "ratio": ("DOUBLE", ["rows"]),
        "gain": ("DOUBLE", ["rows"]),
        "ready?": ("DOUBLE", ["rows"]),
        'seen "at"': ("DOUBLE", ["rows"]),
        "colour": ("STRING", ["rows"]),
        "city": ("STRING", ["rows"]),
        "remark": ("FLOAT", ["rows", 7]),
    }
    assert described(model.graph.output) == {
        "label_kind": ("STRING", ["rows"]),
        "probabilities_kind": ("DOUBLE", ["rows", 3]),
        "prediction_price": ("DOUBLE", ["rows"]),
        "label_tags": ("BOOL", ["rows", 2]),
        "probabilities_tags": ("DOUBLE", ["rows", 2]),
    }


@pytest.mark.parametrize(
    ("task", "kind"), [("binary", "BOOL"), ("whole numbers", "INT64"), ("multi-class", "STRING")]
)
def test_a_label_has_the_type_of_the_target(
    task: str, kind: str, data: dict[str, Splits], tmp_path: Path
) -> None:
    label, _ = fitted(Tree(), data[task], tmp_path).to_onnx().graph.output

    assert onnx.TensorProto.DataType.Name(label.type.tensor_type.elem_type) == kind


def test_the_metadata_tell_a_stranger_what_goes_in_and_comes_out(
    data: dict[str, Splits], tmp_path: Path
) -> None:
    model = fitted(Tree(), data["multi-class"], tmp_path).to_onnx()
    notes = {each.key: each.value for each in model.metadata_props}

    assert (model.producer_name, model.ir_version) == ("mlfw", 10)
    assert {each.domain: each.version for each in model.opset_import} == {"": 18, "ai.onnx.ml": 5}
    assert '"name":"colour","kind":"category"' in notes[INPUTS]
    assert '"categories":["blue","green","red"]' in notes[INPUTS]
    assert '"classes":["high","low","mid"],"label":"label"' in notes[TARGETS]


def test_outputs_make_way_for_inputs_of_the_same_name(tmp_path: Path) -> None:
    rows = pa.table({"label": [1.0, 2.0, 3.0, 4.0] * 5, "y": ["a", "b", "b", "a"] * 5})
    schema = Schema.of(
        (mlfw.Column(name="label", kind=Kind.number),),
        mlfw.Column(name="y", kind=Kind.category),
        Task.binary,
        ("a", "b"),
    )
    splits = Splits(rows, rows, rows, schema)

    model, found = run(fitted(Tree(), splits, tmp_path), mlfw.conform(rows, schema))

    assert TargetOutputs.of(model)[0].label == "label_2"
    assert found["label_2"].tolist() == rows["y"].to_pylist()


def test_a_model_without_an_onnx_form_says_so() -> None:
    class Constant(Predictor):
        def save(self, folder: Path) -> None:
            """Write nothing."""

        def predict(self, rows: pa.Table) -> pa.Table:
            return rows

    with pytest.raises(UserError, match="Constant: this model has no ONNX form"):
        Constant().to_onnx()
