"""Estimators of very many small trees are saved as a few arrays; nothing is lost by that."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pytest

from mlfw import Column, FitContext, Kind, Schema, Splits, Task
from mlfw.files import write_bytes
from mlfw.plugins.builtin import NoTrainer
from mlfw_sklearn.estimator import EstimatorPredictor
from mlfw_sklearn.models import Boosting
from mlfw_sklearn.packing import packed, unpacked

FILE = "estimator-00000.skops"


def fitted(task: Task, folder: Path, classes: int = 3) -> tuple[EstimatorPredictor, pa.Table]:
    random = np.random.default_rng(0)
    codes = np.arange(classes * 20) % classes
    target = codes + 0.5 if task is Task.regression else np.char.add("c", codes.astype(str))
    rows = pa.table({"x": codes + random.normal(0, 1, len(codes)), "y": target})
    kind = Kind.number if task is Task.regression else Kind.category
    names = () if task is Task.regression else tuple(f"c{i}" for i in range(classes))
    schema = Schema.of(
        (Column(name="x", kind=Kind.number),), Column(name="y", kind=kind), task, names
    )
    context = FitContext(trainer=NoTrainer(), seed=0, folder=folder, report=lambda *_: None)
    model = Boosting(iterations=4, min_samples_leaf=2)
    return model.fit(Splits(rows, rows, rows, schema), context), rows


@pytest.mark.parametrize(
    ("task", "classes"), [(Task.binary, 2), (Task.multiclass, 5), (Task.regression, 5)]
)
def test_joined_trees_predict_exactly_the_same_and_can_be_saved_again(
    task: Task, classes: int, tmp_path: Path
) -> None:
    predictor, rows = fitted(task, tmp_path, classes)
    expected = predictor.predict(rows)
    for again in ("once", "twice"):
        (tmp_path / again).mkdir()
        predictor.save(tmp_path / again)
        assert predictor.predict(rows).equals(expected)
        predictor = Boosting().load(tmp_path / again, predictor.schema)
        assert predictor.predict(rows).equals(expected)


def test_a_model_of_many_classes_is_saved_as_few_arrays(tmp_path: Path) -> None:
    predictor, _ = fitted(Task.multiclass, tmp_path, classes=60)

    predictor.save(tmp_path)

    assert len(ZipFile(tmp_path / FILE).namelist()) < 60


def test_a_model_that_was_saved_tree_by_tree_still_loads(tmp_path: Path) -> None:
    from skops.io import dumps

    predictor, rows = fitted(Task.multiclass, tmp_path)
    predictor.save(tmp_path)
    write_bytes(tmp_path / FILE, dumps(predictor.estimators[0]))

    loaded = Boosting().load(tmp_path, predictor.schema)

    assert loaded.predict(rows).equals(predictor.predict(rows))


def test_an_estimator_without_such_trees_is_saved_as_it_is() -> None:
    estimator = object()

    assert packed(estimator) is estimator
    assert unpacked(estimator) is estimator
