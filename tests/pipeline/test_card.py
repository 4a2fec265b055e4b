"""A saved model has a card, which says what it predicts, how well, and from which data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlfw
from conftest import write_small_csv
from mlfw.pipeline.card import accuracy_limits


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("card")
    write_small_csv(folder / "small.csv")
    data = [f"dataset.path={folder / 'small.csv'}", "dataset.target=good"]
    where = [f"run.dir={folder / 'run'}", "run.license=CC-BY-4.0"]
    return mlfw.run(None, ["dataset=csv", *data, *where, "model=tree"]).dir


def test_the_card_says_what_the_model_is(run: Path) -> None:
    card = json.loads((run / "model/card.json").read_text())

    assert card["license"] == "CC-BY-4.0"
    assert card["model"] == "tree"
    assert [target["name"] for target in card["targets"]] == ["good"]
    assert card["metrics"] == json.loads((run / "metrics.json").read_text())
    assert card["data"]["rows"] == json.loads((run / "data.json").read_text())["rows"]
    assert card["data"]["fingerprint"]
    assert {"python", "mlfw", "scikit-learn", "onnx"} <= card["software"].keys()
    low, high = card["limits"]["accuracy"]
    assert low <= card["metrics"]["test"]["accuracy"] <= high


def test_the_card_can_be_read(run: Path) -> None:
    text = (run / "model/card.md").read_text()

    assert text.startswith("# run\n\n- Predicts: good (binary)\n- Model: tree, trained with mlfw")
    assert "- License: CC-BY-4.0\n" in text
    assert "| accuracy |" in text
    assert "With 95 % confidence, accuracy lies between" in text


def test_the_card_belongs_to_the_model(run: Path) -> None:
    manifest = json.loads((run / "model/manifest.json").read_text())

    assert {"card.json", "card.md", "model.onnx", "sample.json"} <= manifest["files"].keys()
    mlfw.load(run)
    (run / "model/card.md").write_text("better\n")
    with pytest.raises(mlfw.UserError, match=r"card\.md: changed since it was saved"):
        mlfw.load(run)


def test_the_limits_of_an_accuracy_are_those_of_wilson() -> None:
    assert accuracy_limits(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert accuracy_limits(1.0, 69) == pytest.approx((0.9473, 1.0), abs=1e-4)


@given(st.floats(0, 1), st.integers(1, 10**9))
def test_an_accuracy_lies_within_its_limits(accuracy: float, rows: int) -> None:
    low, high = accuracy_limits(accuracy, rows)

    assert 0 <= low <= accuracy + 1e-9
    assert accuracy - 1e-9 <= high <= 1
