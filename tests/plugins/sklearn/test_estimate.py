"""Estimates of fits, from fits on samples."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Mlfw
from mlfw import FitContext, LoadContext
from mlfw.components.trainer import untold
from mlfw_lightning import LightningTrainer
from mlfw_sklearn.dataset import Bundled, SklearnDataset
from mlfw_sklearn.estimator import Estimator
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear
from mlfw_sklearn.timing import Growth, extrapolated
from mlfw_tabular.parquet import Parquet


@pytest.fixture
def context(tmp_path: Path) -> FitContext:
    return FitContext(trainer=LightningTrainer(), seed=0, folder=tmp_path, report=untold)


@given(power=st.floats(1, 3), scale=st.floats(1e-6, 1), rows=st.integers(4000, 10**6))
def test_a_power_law_is_followed(power: float, scale: float, rows: int) -> None:
    sizes = [64, 256, 1024]
    seconds = [scale * size**power for size in sizes]

    found = extrapolated(sizes, seconds, rows, Growth())

    assert found == pytest.approx(scale * rows**power, rel=0.01)


@given(growth=st.floats(1, 2), constant=st.floats(0.01, 1), rows=st.integers(4000, 10**6))
def test_time_that_does_not_depend_on_the_rows_is_not_multiplied(
    growth: float, constant: float, rows: int
) -> None:
    sizes = [64, 256, 1024]
    seconds = [constant + 1e-6 * size**growth for size in sizes]

    found = extrapolated(sizes, seconds, rows, Growth(power=growth))

    assert found == pytest.approx(constant + 1e-6 * rows**growth, rel=0.01)


def test_a_single_fit_is_multiplied_as_the_method_is_known_to_grow() -> None:
    assert extrapolated([1000], [0.1], 100_000, Growth(power=2.0)) == pytest.approx(1000)
    assert extrapolated([1000], [0.1], 4000, Growth(power=2.0)) == pytest.approx(0.2)


@pytest.mark.parametrize("model", [SVM(), Boosting(), Forest(jobs=1)])
def test_a_fit_is_expected_to_take_time_and_memory(model: Estimator, context: FitContext) -> None:
    data = SklearnDataset(name=Bundled("digits")).load(LoadContext())

    estimate = model.estimate(data, context)

    assert estimate is not None
    assert 0 < estimate.seconds < 600
    assert estimate.memory is not None
    assert estimate.memory > 10**7


def test_classes_of_a_few_rows_are_in_every_sample(context: FitContext) -> None:
    data = SklearnDataset(name=Bundled("breast_cancer")).load(LoadContext())
    codes = np.asarray(data.schema.codes(data.train))
    rare = np.flatnonzero(codes == 0)[:6]
    kept = np.concatenate([np.flatnonzero(codes == 1), rare])
    data = data.replace(train=pa.concat_tables([data.train.take(kept)]))

    assert SVM().estimate(data, context) is not None


def test_of_many_trees_only_some_are_timed(context: FitContext) -> None:
    data = SklearnDataset(name=Bundled("iris")).load(LoadContext())
    Forest(jobs=1).estimate(data, context)  # loads what is needed

    start = time.process_time()
    many = Forest(trees=100_000, jobs=1).estimate(data, context)

    assert time.process_time() - start < 5
    assert many is not None
    assert many.seconds > 10


def test_streamed_rows_are_estimated_by_their_number(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    pq.write_table(pv.read_csv(small_csv), tmp_path / "small.parquet")
    result = mlfw_here(
        "run", "dataset=parquet", "dataset.path=small.parquet", "dataset.target=good",
        "dataset.stream=true", "model=linear", "--plan",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    assert re.search(r"model linear +\d\.\d s +[\d.]+ [MG]B +a fit on \d\d rows", result.stdout)


def test_linear_models_are_estimated_in_memory_too(context: FitContext) -> None:
    data = SklearnDataset(name=Bundled("diabetes")).load(LoadContext())

    assert Linear().estimate(data, context) is not None


def test_two_fits_of_a_busy_machine_do_not_make_seconds_into_hours() -> None:
    assert extrapolated([1000, 4000], [0.01, 0.64], 600_000, Growth()) < 600


def test_memory_counts_every_category_of_every_row(tmp_path: Path, context: FitContext) -> None:
    rows, words = 200_000, 3000
    random = np.random.default_rng(0)
    table = pa.table(
        {
            "word": pa.array(random.integers(0, words, rows)).cast(pa.string()),
            "target": random.normal(size=rows),
        }
    )
    pq.write_table(table, tmp_path / "words.parquet")
    dataset = Parquet(
        path=[str(tmp_path / "words.parquet")], target=["target"], columns={"word": "category"}
    )

    estimate = Linear().estimate(dataset.load(LoadContext()), context)

    assert estimate is not None
    assert estimate.memory is not None
    assert estimate.memory > 1.5e9  # some 1,000 columns and half as much for a copy
