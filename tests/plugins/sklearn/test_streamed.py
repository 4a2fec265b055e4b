"""A linear model that streams learns what it learns in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import FitContext, LoadContext, Splits, StreamedSplits
from mlfw.pipeline.outcomes import predict_split
from mlfw_lightning import LightningTrainer
from mlfw_sklearn.models import Linear
from mlfw_tabular.parquet import Parquet

ROWS = 20_000


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS))
    colour = random.choice(["red", "green", "blue"], ROWS)
    score = a - 2 * b + 3 * (colour == "red") + random.normal(size=ROWS)
    labels = [
        [n for n, yes in (("p", x > 0.3), ("q", y > 0)) if yes] for x, y in zip(a, b, strict=True)
    ]
    table = pa.table(
        {
            "a": a,
            "b": b,
            "colour": colour,
            "value": 100 * score + 5000,
            "size": np.select([score < -1, score < 2], ["low", "mid"], "high"),
            "labels": pa.array(labels, pa.list_(pa.string())),
        }
    )
    path = tmp_path_factory.mktemp("source") / "rows.parquet"
    pq.write_table(table, path, row_group_size=3000)
    return path


def both(source: Path, folder: Path, target: str) -> tuple[StreamedSplits, Splits]:
    """Return the same rows streamed and in memory."""
    drop = sorted({"value", "size", "labels"} - {target})
    dataset = Parquet(path=str(source), target=[target], stream=True, drop=drop)
    folder.mkdir()
    streamed = dataset.load(LoadContext(folder=folder))
    assert isinstance(streamed, StreamedSplits)
    tables = [pa.concat_tables(streamed.batches(name)) for name in ("train", "validation", "test")]
    return streamed, Splits(*tables, streamed.schema)


@pytest.mark.parametrize("target", ["value", "size", "labels"])
def test_streamed_and_in_memory_predict_the_same(target: str, source: Path, tmp_path: Path) -> None:
    context = FitContext(
        trainer=LightningTrainer(), seed=0, folder=tmp_path, report=lambda epoch, values: None
    )
    streamed, memory = both(source, tmp_path / "data", target)

    found = predict_split(streamed, "test", Linear().fit(streamed, context).predict)
    expected = predict_split(memory, "test", Linear().fit(memory, context).predict)

    if target == "value":
        assert np.allclose(
            found.predictions["prediction"], expected.predictions["prediction"], rtol=1e-4
        )
        return
    right, right_in_memory = (
        np.mean(
            [
                p == t
                for p, t in zip(
                    o.predictions["prediction"].to_pylist(),
                    o.truth[target].to_pylist(),
                    strict=True,
                )
            ]
        )
        for o in (found, expected)
    )
    assert right > right_in_memory - 0.03
