"""Every estimator learns several targets and label sets, each as it would alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import FitContext, Kind, LoadContext, Model, Splits, Task
from mlfw.schema.predictions import single_predictions
from mlfw_lightning import LightningTrainer
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree
from mlfw_tabular.balance import Balance
from mlfw_tabular.parquet import Parquet

ROWS = 240


@pytest.fixture(scope="module")
def table() -> pa.Table:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS))
    labels = [
        [n for n, yes in (("low", x < -0.3), ("wide", y > 0)) if yes]
        for x, y in zip(a, b, strict=True)
    ]
    return pa.table(
        {
            "a": a,
            "b": b,
            "side": np.where(a + b > 0, "right", "left"),
            "sum": a + 2 * b,
            "labels": pa.array(labels, pa.list_(pa.string())),
        }
    )


def splits_of(table: pa.Table, folder: Path, target: list[str]) -> Splits:
    others = {"side", "sum", "labels"} - set(target)
    pq.write_table(table.drop_columns(sorted(others)), folder / "t.parquet")
    return Parquet(path=str(folder / "t.parquet"), target=target).load(LoadContext())


def context(folder: Path) -> FitContext:
    return FitContext(
        trainer=LightningTrainer(), seed=0, folder=folder, report=lambda epoch, values: None
    )


@pytest.mark.parametrize("model", [Tree(), Forest(trees=20), Boosting(), SVM(), Linear()])
def test_several_targets_are_learnt_and_saved(
    model: Model, table: pa.Table, tmp_path: Path
) -> None:
    splits = splits_of(table, tmp_path, ["side", "sum", "labels"])
    assert [t.task for t in splits.schema.targets] == [
        Task.binary,
        Task.regression,
        Task.multilabel,
    ]
    assert splits.schema.targets[2].column.kind is Kind.labels

    predictor = model.fit(splits, context(tmp_path))
    (tmp_path / "saved").mkdir()
    predictor.save(tmp_path / "saved")
    loaded = model.load(tmp_path / "saved", splits.schema)
    found = loaded.predict(splits.test)

    again = predictor.predict(splits.test)
    for name in found.column_names:  # threads of a forest add up in any order
        same = found[name].to_pylist() == again[name].to_pylist()
        assert same or np.allclose(found[name], again[name])
    assert found.column_names == [
        "prediction_side",
        *(f"probability_side_{name}" for name in splits.schema.targets[0].classes),
        "prediction_sum",
        "prediction_labels",
        "probability_labels_low",
        "probability_labels_wide",
    ]
    right = np.asarray(found["prediction_side"]) == np.asarray(splits.test["side"])
    assert right.mean() > 0.8
    error = np.asarray(found["prediction_sum"]) - np.asarray(splits.test["sum"])
    assert error.std() < np.asarray(splits.test["sum"]).std() / 2
    truths = splits.test["labels"].to_pylist()
    exact = [f == t for f, t in zip(found["prediction_labels"].to_pylist(), truths, strict=True)]
    assert np.mean(exact) > 0.7


def test_a_target_among_several_is_learnt_as_it_is_alone(table: pa.Table, tmp_path: Path) -> None:
    both = splits_of(table, tmp_path, ["side", "sum"])
    alone = Splits(
        *(part.drop_columns("sum") for part in (both.train, both.validation, both.test)),
        both.schema.single(both.schema.targets[0]),
    )

    together = Tree().fit(both, context(tmp_path)).predict(both.test)
    single = Tree().fit(alone, context(tmp_path)).predict(alone.test)

    assert single_predictions(both.schema, both.schema.targets[0], together).equals(single)


@pytest.mark.parametrize("balance", ["weights", "oversample"])
def test_a_rare_class_is_found_more_often_when_balanced(balance: str, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=3000)
    rare = x + random.normal(size=3000) > 2.6
    pq.write_table(pa.table({"x": x, "y": np.where(rare, "rare", "usual")}), tmp_path / "t.parquet")

    def found(how: str) -> float:
        data = Parquet(path=str(tmp_path / "t.parquet"), target=["y"], balance=Balance(how)).load(
            LoadContext()
        )
        predicted = Linear().fit(data, context(tmp_path)).predict(data.test)["prediction"]
        own = np.asarray(data.test["y"]) == "rare"
        return float((np.asarray(predicted)[own] == "rare").mean())

    assert found(balance) > 0.7 > found("none") + 0.2
