"""A model in ONNX is compared with the model it was made of, and refused where they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import numpy_helper

import mlfw
from mixed_table import mixed_splits
from mlfw import Column, FitContext, Kind, MlfwError, Schema, Splits, Task, UserError
from mlfw.plugins.builtin import NoTrainer
from mlfw_onnx import Parity, checked_model, new_session, replay_sample
from mlfw_onnx.parity import ROWS_AT_ONCE
from mlfw_sklearn.models import Linear, Tree
from mlfw_sklearn.predictor import EstimatorPredictor
from mlfw_tabular.prepare.encoder import MOST_DEVIATIONS


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    return mixed_splits(tmp_path_factory.mktemp("data"), ("kind", "price", "tags"))


@pytest.fixture(scope="module")
def linear(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> EstimatorPredictor:
    context = FitContext(
        trainer=NoTrainer(), seed=0, folder=tmp_path_factory.mktemp("fit"), report=lambda *_: None
    )
    return Linear().fit(splits, context)


def parity(predictor: EstimatorPredictor, model: onnx.ModelProto) -> Parity:
    return Parity(predictor, checked_model(model.SerializeToString(), "model.onnx"))


def patched(model: onnx.ModelProto, old: Any, new: Any) -> onnx.ModelProto:
    """Replace the constants of a model that hold `old`, or nothing but `old`."""
    wanted = np.ravel(old)
    found = 0
    for constant in model.graph.initializer:
        array = numpy_helper.to_array(constant).ravel()
        if len(array) >= len(wanted) and len(wanted) in (1, len(array)) and (array == wanted).all():
            patch = np.broadcast_to(np.ravel(new), len(array)).astype(array.dtype)
            patch = patch.reshape(tuple(constant.dims))
            constant.CopyFrom(numpy_helper.from_array(patch, constant.name))
            found += 1
    assert found
    return model


def test_what_is_right_passes(linear: EstimatorPredictor, splits: Splits) -> None:
    checked = parity(linear, linear.to_onnx())

    checked.check(splits.test, "test")

    assert 0 < checked.largest < 1e-12


def test_a_wrong_number_is_named_with_its_row_and_output(
    linear: EstimatorPredictor, splits: Splits
) -> None:
    intercepts = linear.estimators[0].intercept_
    wrong = patched(linear.to_onnx(), intercepts, intercepts + np.array([0, 0, 1e-3]))

    with pytest.raises(UserError) as raised:
        parity(linear, wrong).check(splits.test, "test")

    assert "test row 1, probabilities_kind of 'high': expected 0." in raised.value.problem
    assert f"{splits.test.num_rows} rows differ" in raised.value.problem
    assert "deployer=bentoml" in raised.value.remedy


def test_a_wrong_label_is_named(linear: EstimatorPredictor, splits: Splits) -> None:
    classes = np.asarray(["high", "low", "mid"], object)
    wrong = patched(linear.to_onnx(), classes, classes[[0, 2, 1]])

    with pytest.raises(
        UserError, match=r"row \d+, label_kind: expected '(low|mid)', found '(mid|low)'"
    ):
        parity(linear, wrong).check(splits.test, "test")


def test_a_wrong_value_of_a_regression_is_named(linear: EstimatorPredictor, splits: Splits) -> None:
    intercept = linear.estimators[1].intercept_
    wrong = patched(linear.to_onnx(), intercept, intercept + 1e-3)

    with pytest.raises(UserError, match=r"row 1, prediction_price: expected \d+\.\d+, found"):
        parity(linear, wrong).check(splits.test, "test")


def test_a_row_is_named_by_its_place_among_all(linear: EstimatorPredictor, splits: Splits) -> None:
    schema = splits.schema
    extreme = {column.name: None for column in schema.columns} | {"amount": 1e300}
    last = mlfw.conform(pa.Table.from_pylist([extreme]), schema)
    tables = [splits.test.select(schema.names)] * 40 + [last]
    rows = pa.concat_tables(tables, promote_options="permissive")
    wrong = patched(linear.to_onnx(), MOST_DEVIATIONS, 2 * MOST_DEVIATIONS)

    with pytest.raises(UserError, match=rf"row {rows.num_rows}, .*; 1 row differs\."):
        parity(linear, wrong).check(rows, "test")

    assert rows.num_rows > ROWS_AT_ONCE


def test_equally_likely_classes_may_be_told_apart_either_way(tmp_path: Path) -> None:
    context = FitContext(trainer=NoTrainer(), seed=0, folder=tmp_path, report=lambda *_: None)
    rows = pa.table({"x": [1.0, 1.0, 2.0, 2.0] * 5, "y": ["a", "b"] * 10})
    schema = Schema.of(
        (Column(name="x", kind=Kind.number),),
        Column(name="y", kind=Kind.category),
        Task.binary,
        ("a", "b"),
    )
    predictor = Tree().fit(Splits(rows, rows, rows, schema), context)
    classes = np.asarray(["a", "b"], object)
    other = patched(predictor.to_onnx(), classes, classes[::-1])
    assert set(predictor.predict(rows)["prediction"].to_pylist()) == {"a"}

    parity(predictor, other).check(rows, "test")


def test_what_onnx_runtime_does_not_load_is_no_mistake_of_the_user() -> None:
    with pytest.raises(MlfwError, match="a part: ONNX Runtime refuses the model"):
        new_session(b"no model", "a part")
    with pytest.raises(MlfwError, match="ONNX Runtime refuses the model"):
        checked_model(b"no model", "model.onnx", any_operators=True)


def test_a_copy_of_a_saved_model_predicts_its_sample(
    linear: EstimatorPredictor, tmp_path: Path
) -> None:
    linear.save(tmp_path)
    assert replay_sample(tmp_path) >= 16
    sample = json.loads((tmp_path / "sample.json").read_text())
    output = next(name for name in sample["outputs"] if name.startswith("probabilities"))
    sample["outputs"][output][2][0] += 1e-3
    (tmp_path / "sample.json").write_text(json.dumps(sample))

    with pytest.raises(UserError, match=f"{output}: the model predicts differently.* in rows 3"):
        replay_sample(tmp_path)


def test_a_model_without_a_sample_has_nothing_to_replay(tmp_path: Path) -> None:
    assert replay_sample(tmp_path) == 0
