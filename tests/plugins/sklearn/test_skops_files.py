"""Estimators without ONNX form are saved through skops; those saved earlier still load."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pyarrow as pa
import pytest

from mlfw import Column, FitContext, Kind, Schema, Splits, Task, UserError
from mlfw.files import write_bytes
from mlfw.plugins.builtin import NoTrainer
from mlfw_onnx import OnnxPredictor
from mlfw_sklearn import Estimator, skops_files
from mlfw_sklearn.models import Boosting, Tree
from mlfw_sklearn.packing import packed, unpacked
from mlfw_sklearn.predictor import EstimatorPredictor

FILE = "estimator-00000.skops"


@dataclass(kw_only=True)
class Nearest(Estimator):
    """Nearest neighbours, as a plugin may bring them."""

    trusted: ClassVar[tuple[str, ...]] = (
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
    )

    def build(self, schema: Schema) -> Any:
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(algorithm="kd_tree")


@dataclass(kw_only=True)
class Suspicious(Nearest):
    """The same with nothing trusted."""

    trusted: ClassVar[tuple[str, ...]] = ()


def fitted(
    model: Estimator, folder: Path, task: Task = Task.multiclass, classes: int = 3
) -> tuple[EstimatorPredictor, pa.Table]:
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
    return model.fit(Splits(rows, rows, rows, schema), context), rows


def saved_as_before(predictor: EstimatorPredictor, folder: Path) -> None:
    """Save as versions did that knew no ONNX."""
    predictor.preprocessor.save(folder)
    skops_files.save_estimators(predictor.estimators, folder)


def assert_same(found: pa.Table, wanted: pa.Table) -> None:
    for name in wanted.column_names:
        made, expected = found[name].to_numpy(), wanted[name].to_numpy()
        close = made.dtype != object and np.allclose(made, expected, rtol=1e-12, atol=1e-12)
        assert close or (made == expected).all()


@pytest.mark.parametrize(
    ("task", "classes"), [(Task.binary, 2), (Task.multiclass, 5), (Task.regression, 5)]
)
def test_a_boosting_model_that_was_saved_before_predicts_the_same_in_onnx(
    task: Task, classes: int, tmp_path: Path
) -> None:
    model = Boosting(iterations=4, min_samples_leaf=2)
    predictor, rows = fitted(model, tmp_path, task, classes)
    saved_as_before(predictor, tmp_path)

    loaded = model.load(tmp_path, predictor.schema)

    assert isinstance(loaded, OnnxPredictor)
    assert_same(loaded.predict(rows), predictor.predict(rows))


def test_a_boosting_model_that_was_saved_tree_by_tree_still_loads(tmp_path: Path) -> None:
    from skops.io import dumps

    predictor, rows = fitted(Boosting(iterations=4), tmp_path)
    saved_as_before(predictor, tmp_path)
    write_bytes(tmp_path / FILE, dumps(predictor.estimators[0]))

    loaded = Boosting().load(tmp_path, predictor.schema)

    assert_same(loaded.predict(rows), predictor.predict(rows))


def test_a_model_of_many_classes_is_saved_as_few_arrays(tmp_path: Path) -> None:
    predictor, _ = fitted(Boosting(iterations=4), tmp_path, classes=60)

    saved_as_before(predictor, tmp_path)

    assert len(ZipFile(tmp_path / FILE).namelist()) < 60


def test_an_estimator_without_such_trees_is_saved_as_it_is() -> None:
    estimator = object()

    assert packed(estimator) is estimator
    assert unpacked(estimator) is estimator


def test_an_estimator_without_onnx_form_is_saved_and_loaded_too(tmp_path: Path) -> None:
    predictor, rows = fitted(Nearest(), tmp_path)
    predictor.save(tmp_path)

    loaded = Nearest().load(tmp_path, predictor.schema)

    assert predictor.needs() == (("sklearn", "skops"), "skops")
    assert loaded.predict(rows).equals(predictor.predict(rows))


def test_a_type_that_is_not_trusted_is_refused(tmp_path: Path) -> None:
    predictor, _ = fitted(Nearest(), tmp_path)
    predictor.save(tmp_path)

    with pytest.raises(UserError, match=r"not trusted: .*KDTree"):
        Suspicious().load(tmp_path, predictor.schema)


def test_an_estimator_that_could_not_be_saved_is_refused_before_it_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = fitted(Tree(), tmp_path)[0].schema
    monkeypatch.setattr(skops_files, "find_spec", lambda name: None)

    Tree().check_schema(schema)
    with pytest.raises(UserError, match=r'(?s)no ONNX form.*pip install "mlfw\[skops\]"'):
        Nearest().check_schema(schema)


def refused(tmp_path: Path, model: Estimator, schema: Schema) -> str:
    with pytest.raises(UserError) as caught:
        model.load(tmp_path, schema)
    return str(caught.value)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    predictor, _ = fitted(Tree(), tmp_path)
    saved_as_before(predictor, tmp_path)
    content = (tmp_path / FILE).read_bytes()

    for harmed in (content[:-100], b"", b"PK\3\4" + content[4:200]):
        (tmp_path / FILE).write_bytes(harmed)
        assert f"{FILE}: damaged" in refused(tmp_path, Tree(), predictor.schema)


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    predictor, _ = fitted(Tree(), tmp_path)
    saved_as_before(predictor, tmp_path)
    with ZipFile(tmp_path / FILE, "w", ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps({"pad": ["0"]}))
        archive.writestr("big.npy", bytes(60_000_000))

    assert "that unpack to 60,000,01" in refused(tmp_path, Tree(), predictor.schema)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    predictor, _ = fitted(Tree(), tmp_path)
    predictor.preprocessor.save(tmp_path)

    assert "found none" in refused(tmp_path, Tree(), predictor.schema)
