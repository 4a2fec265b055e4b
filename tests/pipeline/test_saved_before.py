"""Models that versions before 0.1 saved, without a form in ONNX, predict as they did then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv as pv
import pytest

import mlfw
from mlfw_onnx import OnnxPredictor

BEFORE = Path(__file__).parent / "saved_before"


@pytest.mark.parametrize("name", ["tree", "boosting", "mlp"])
def test_a_model_that_was_saved_before_predicts_the_same(name: str) -> None:
    loaded = mlfw.load(BEFORE / name)

    found = loaded.predict(pv.read_csv(BEFORE / "rows.csv"))

    wanted = pv.read_csv(BEFORE / f"{name}.csv")
    assert found["prediction"].to_pylist() == wanted["prediction"].to_pylist()
    for column in ("probability_no", "probability_yes"):
        assert np.allclose(found[column].to_numpy(), wanted[column].to_numpy(), rtol=0, atol=1e-6)
    assert isinstance(loaded.predictor, OnnxPredictor) is (name != "mlp")


@pytest.mark.parametrize("name", ["tree", "mlp"])
def test_a_model_that_was_saved_before_can_be_exported(name: str) -> None:
    model = mlfw.load(BEFORE / name).predictor.to_onnx()

    assert {each.name for each in model.graph.output} == {"label", "probabilities"}
