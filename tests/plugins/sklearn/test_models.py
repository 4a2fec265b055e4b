"""scikit-learn's models fit every task, are saved as data, and follow the seed."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import numpy as np
import pytest

import mlfw
from mlfw import FitContext, LoadContext, Splits, UserError
from mlfw.plugins.builtin import NoTrainer
from mlfw_onnx import OnnxPredictor
from mlfw_sklearn import Estimator
from mlfw_sklearn.dataset import Bundled, SklearnDataset
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree

MODELS = {
    "tree": Tree(),
    "forest": Forest(trees=20),
    "boosting": Boosting(iterations=20),
    "svm": SVM(),
    "linear": Linear(),
}
SETS = (Bundled.breast_cancer, Bundled.iris, Bundled.diabetes)


@pytest.fixture(scope="module")
def data() -> dict[Bundled, Splits]:
    return {name: SklearnDataset(name=name).load(LoadContext()) for name in SETS}


def context(folder: Path, seed: int = 0) -> FitContext:
    return FitContext(trainer=NoTrainer(), seed=seed, folder=folder, report=lambda *_: None)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("bundled", SETS)
def test_what_is_saved_predicts_the_same_in_onnx(
    name: str, bundled: Bundled, data: dict[Bundled, Splits], tmp_path: Path
) -> None:
    splits = data[bundled]
    model = MODELS[name]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = model.fit(splits, context(tmp_path))
    fitted.save(tmp_path)
    loaded = model.load(tmp_path, splits.schema)

    assert isinstance(loaded, OnnxPredictor)
    found, wanted = loaded.predict(splits.test), fitted.predict(splits.test)
    assert found.schema == wanted.schema
    for name in found.column_names:
        made, expected = found[name].to_numpy(), wanted[name].to_numpy()
        close = made.dtype != object and np.allclose(made, expected, rtol=1e-12, atol=1e-12)
        assert close or (made == expected).all()


@pytest.mark.parametrize("name", ["forest", "boosting", "svm"])
def test_the_seed_decides(name: str, data: dict[Bundled, Splits], tmp_path: Path) -> None:
    splits = data[Bundled.iris]

    first, second = (MODELS[name].fit(splits, context(tmp_path, seed=3)) for _ in range(2))

    assert first.predict(splits.test).equals(second.predict(splits.test))


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_are_shares(name: str, data: dict[Bundled, Splits], tmp_path: Path) -> None:
    splits = data[Bundled.iris]

    predictions = MODELS[name].fit(splits, context(tmp_path)).predict(splits.test)

    shares = mlfw.probability_matrix(splits.schema, predictions)
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all()


def test_a_class_without_training_rows_has_probability_0(
    data: dict[Bundled, Splits], tmp_path: Path
) -> None:
    splits = data[Bundled.iris]
    without = splits.train.filter(splits.schema.codes(splits.train).to_numpy() != 1)

    fitted = Tree().fit(splits.replace(train=without), context(tmp_path))

    shares = mlfw.probability_matrix(splits.schema, fitted.predict(splits.test))
    assert shares.shape[1] == 3
    assert (shares[:, 1] == 0).all()


def test_a_parameter_scikit_learn_refuses_is_the_users_mistake(
    data: dict[Bundled, Splits], tmp_path: Path
) -> None:
    @dataclasses.dataclass(kw_only=True)
    class Loose(Estimator):
        def build(self, schema: mlfw.Schema) -> object:
            from sklearn.tree import DecisionTreeClassifier

            return DecisionTreeClassifier(max_depth=-3)

    with pytest.raises(UserError, match="max_depth"):
        Loose().fit(data[Bundled.iris], context(tmp_path))


@pytest.mark.parametrize("bundled", Bundled)
def test_every_bundled_set_loads_with_its_task(bundled: Bundled) -> None:
    schema = SklearnDataset(name=bundled).load(LoadContext()).schema

    regression = bundled in (Bundled.diabetes, Bundled.linnerud)
    assert schema.task.is_classification is not regression


def test_another_target_of_a_bundled_set_can_be_chosen() -> None:
    schema = SklearnDataset(name=Bundled.linnerud, target=["Pulse"]).load(LoadContext()).schema

    assert schema.target.name == "Pulse"
