"""Networks learn from numbers, categories, booleans, dates, texts and images of one table."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from mlfw import FitContext, LoadContext, RowSplits
from mlfw.cache import Cache
from mlfw.pipeline.outcomes import predict_split
from mlfw_lightning import LightningTrainer, Network
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batches import batches_of
from mlfw_lightning.networks.cnn import CNN
from mlfw_lightning.networks.ft_transformer import FTTransformer
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.networks.resnet import ResNet
from mlfw_lightning.networks.transformer import Transformer
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
            "ripe": random.random(ROWS) > 0.5,
            "day": [
                date(2024, 1, 1) + timedelta(int(days)) for days in random.integers(0, 99, ROWS)
            ],
            "height": np.where(sign[1], 30.0, 10.0) + random.normal(size=ROWS),
            "tags": [[name for name, yes in zip("abc", row, strict=True) if yes] for row in sign.T],
            "y": [f"{a:d}{b:d}{c:d}" for a, b, c in sign.T],
        }
    )
    path = tmp_path_factory.mktemp("mixed") / "rows.parquet"
    pq.write_table(table, path)
    return path


def context(
    folder: Path,
    epochs: int = 40,
    reports: list[Mapping[str, float]] | None = None,
    **trainer: object,
) -> FitContext:
    told = [] if reports is None else reports
    return FitContext(
        trainer=LightningTrainer(accelerator="cpu", epochs=epochs, **trainer),  # type: ignore[arg-type]
        seed=0,
        folder=folder,
        report=lambda epoch, values: told.append(values),
        cache=Cache(folder / "cache", 10**9),
    )


def load(source: Path, folder: Path, stream: bool = False, **options: object) -> RowSplits:
    chosen = {"target": ["y"], "drop": ["height", "tags"], "columns": {"text": "text"}, **options}
    dataset = Parquet(path=[str(source)], stream=stream, **chosen)  # type: ignore[arg-type]
    folder.mkdir(exist_ok=True)
    return dataset.load(LoadContext(folder=folder))


def name_of(value: object) -> str:
    return type(value).__name__ if isinstance(value, Network) else str(value)


@pytest.mark.parametrize(
    ("model", "stream"),
    [
        (MLP(), False),
        pytest.param(MLP(), True, marks=pytest.mark.slow),
        pytest.param(ResNet(width=64), True, marks=pytest.mark.slow),
        pytest.param(
            FTTransformer(width=32, depth=2, learning_rate=2e-3), False, marks=pytest.mark.slow
        ),
        (CNN(width=8), True),
        pytest.param(
            Transformer(width=32, depth=1, learning_rate=2e-3), False, marks=pytest.mark.slow
        ),
    ],
    ids=name_of,
)
def test_every_kind_of_column_is_learnt_from(
    model: Network, stream: bool, source: Path, tmp_path: Path
) -> None:
    data = load(source, tmp_path / "data", stream)

    predictor = replace(model, batch_size=32).fit(data, context(tmp_path))
    (tmp_path / "saved").mkdir()
    predictor.save(tmp_path / "saved")
    loaded = model.load(tmp_path / "saved", data.schema)

    outcomes = predict_split(data, "test", loaded.predict)
    truth, found = outcomes.truth["y"].to_pylist(), outcomes.predictions["prediction"].to_pylist()
    for name, place in SIGNS.items():
        right = np.mean([str(f)[place] == str(t)[place] for f, t in zip(found, truth, strict=True)])
        assert right > 0.85, name


def test_images_vary_in_training_only_and_anew_in_every_epoch(source: Path, tmp_path: Path) -> None:
    varied = {"image": {"shift": 0.3, "flip": True}}
    data = load(source, tmp_path / "data", prepare=varied)
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


@pytest.mark.parametrize(
    "model", [ResNet(), pytest.param(CNN(width=8), marks=pytest.mark.slow)], ids=name_of
)
def test_one_network_learns_classes_labels_and_a_value(
    model: Network, source: Path, tmp_path: Path
) -> None:
    data = load(source, tmp_path / "data", target=["y", "tags", "height"], drop=[])

    predictor = model.fit(data, context(tmp_path, 12))

    outcomes = predict_split(data, "test", predictor.predict)
    truth, found = outcomes.truth.to_pydict(), outcomes.predictions.to_pydict()
    assert np.corrcoef(truth["height"], found["prediction_height"])[0, 1] > 0.8
    bright = [["b" in tags for tags in each] for each in (truth["tags"], found["prediction_tags"])]
    assert np.mean(np.equal(*bright)) > 0.8
    assert set(found["prediction_y"]) <= set(truth["y"])


@pytest.mark.slow
def test_two_processes_lose_the_same_as_one_on_all_kinds_of_columns(
    source: Path, tmp_path: Path
) -> None:
    data = load(source, tmp_path / "data")
    losses: list[list[Mapping[str, float]]] = [[], []]

    for devices, told in enumerate(losses, 1):
        folder = tmp_path / str(devices)
        model = CNN(width=8, dropout=0.0, batch_size=32)
        model.fit(data, context(folder, 2, told, devices=devices))

    for alone, shared in zip(*losses, strict=True):
        assert shared == pytest.approx(alone, abs=1e-5)
