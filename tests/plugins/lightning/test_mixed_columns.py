"""A network learns from numbers, categories, texts and images of one table."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlfw import FitContext, LoadContext, RowSplits
from mlfw.cache import Cache
from mlfw.pipeline.outcomes import predict_split
from mlfw_lightning import LightningTrainer
from mlfw_lightning.batches import batches_of
from mlfw_lightning.learner import Learner
from mlfw_lightning.mlp import MLP
from mlfw_tabular.parquet import Parquet

ROWS = 300
SIGNS = {"text": 0, "image": 1, "number": 2}


def picture(bright: bool, random: np.random.Generator) -> bytes:
    pixels = random.integers(0, 90, (8, 8)) + (150 if bright else 0)
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table in which each class can be told only by its own column."""
    random = np.random.default_rng(0)
    sign = random.random((3, ROWS)) > 0.5
    fillers = np.array(["so", "it", "is", "and", "then", "was"])
    texts = [
        " ".join(
            [*random.choice(fillers, 6), "good" if yes else "poor", *random.choice(fillers, 3)]
        )
        for yes in sign[0]
    ]
    table = pa.table(
        {
            "text": texts,
            "image": pa.array([picture(yes, random) for yes in sign[1]], pa.binary()),
            "number": np.where(sign[2], 1.0, -1.0) + random.normal(size=ROWS) / 10,
            "colour": random.choice(["red", "blue"], ROWS),
            "y": [f"{a:d}{b:d}{c:d}" for a, b, c in sign.T],
        }
    )
    path = tmp_path_factory.mktemp("mixed") / "rows.parquet"
    pq.write_table(table, path)
    return path


def context(folder: Path, **trainer: object) -> FitContext:
    return FitContext(
        trainer=LightningTrainer(accelerator="cpu", epochs=40, **trainer),  # type: ignore[arg-type]
        seed=0,
        folder=folder,
        report=lambda epoch, values: None,
        cache=Cache(folder / "cache", 10**9),
    )


def load(source: Path, folder: Path, stream: bool = False, **options: object) -> RowSplits:
    dataset = Parquet(path=[str(source)], target=["y"], stream=stream, **options)  # type: ignore[arg-type]
    folder.mkdir(exist_ok=True)
    return dataset.load(LoadContext(folder=folder))


@pytest.mark.parametrize("stream", [False, True])
def test_every_kind_of_column_is_learnt_from(stream: bool, source: Path, tmp_path: Path) -> None:
    data = load(source, tmp_path / "data", stream, columns={"text": "text"})

    predictor = MLP(batch_size=32).fit(data, context(tmp_path))
    (tmp_path / "saved").mkdir()
    predictor.save(tmp_path / "saved")
    loaded = MLP().load(tmp_path / "saved", data.schema)

    outcomes = predict_split(data, "test", loaded.predict)
    truth, found = outcomes.truth["y"].to_pylist(), outcomes.predictions["prediction"].to_pylist()
    for name, place in SIGNS.items():
        right = np.mean([str(f)[place] == str(t)[place] for f, t in zip(found, truth, strict=True)])
        assert right > 0.85, name


def test_images_vary_in_training_only_and_anew_in_every_epoch(source: Path, tmp_path: Path) -> None:
    varied = {"image": {"shift": 0.3, "flip": True}}
    data = load(source, tmp_path / "data", prepare=varied, columns={"text": "text"})
    learner, _ = Learner.of(MLP(), data, context(tmp_path))

    def images(epoch: int, **options: object) -> np.ndarray:
        batches = batches_of(learner.train, 64, shuffle_seed=None, **options)  # type: ignore[arg-type]
        batches.epoch = epoch
        return np.concatenate([batch.inputs.images[0].numpy() for batch in batches])

    plain = images(0)
    assert (plain == images(1)).all()
    assert (images(0, vary=learner.vary) != plain).any()
    assert (images(0, vary=learner.vary) == images(0, vary=learner.vary)).all()
    assert (images(1, vary=learner.vary) != images(0, vary=learner.vary)).any()
