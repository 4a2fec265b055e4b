"""Each network learns what it is for: tables, images, what the order of words says."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from conftest import Mlfw
from mlfw import Column, FitContext, Kind, LoadContext, Schema, Splits, Task, UserError
from mlfw_lightning import LightningTrainer, Network
from mlfw_lightning.networks.cnn import CNN
from mlfw_lightning.networks.ft_transformer import FTTransformer
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.networks.resnet import ResNet
from mlfw_lightning.networks.transformer import Transformer
from mlfw_tabular.csv import Csv


def right(model: Network, data: Splits, folder: Path, epochs: int) -> float:
    """Return which share of the test rows is told right."""
    context = FitContext(
        trainer=LightningTrainer(accelerator="cpu", epochs=epochs),
        seed=0,
        folder=folder,
        report=lambda *_: None,
    )
    found = model.fit(data, context).predict(data.test)["prediction"].to_pylist()
    return float(np.mean([a == b for a, b in zip(found, data.test[-1].to_pylist(), strict=True)]))


def divided(table: pa.Table, kind: Kind, train: int, validation: int) -> Splits:
    """Return a table of one input and a target of classes, divided in its order."""
    classes = tuple(sorted(set(table[1].to_pylist())))
    schema = Schema.of(
        columns=(Column(name=table.column_names[0], kind=kind),),
        target=Column(name=table.column_names[1], kind=Kind.category),
        task=Task.binary if len(classes) == 2 else Task.multiclass,
        classes=classes,
    )
    both = train + validation
    return Splits(table[:train], table[train:both], table[both:], schema)


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray((pixels * (255 / 16)).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "model",
    [pytest.param(ResNet(), marks=pytest.mark.slow), FTTransformer(width=32, depth=2)],
    ids=type,
)
def test_penguins_are_told_apart_by_networks_for_tables(
    model: Network, penguins: Path, tmp_path: Path
) -> None:
    data = Csv(path=[str(penguins)], target=["Sex"], drop=["Individual ID"]).load(
        LoadContext(folder=tmp_path)
    )
    assert isinstance(data, Splits)

    assert data.test.column_names[-1] == "Sex"
    assert right(model, data, tmp_path, 20) > 0.8


def test_digits_are_read_as_images(tmp_path: Path) -> None:
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    table = pa.table(
        {
            "image": pa.array([png(digits.images[i]) for i in order], pa.binary()),
            "digit": [str(digits.target[i]) for i in order],
        }
    )

    assert right(CNN(width=16), divided(table, Kind.image, 1100, 300), tmp_path, 4) > 0.93


@pytest.mark.slow
def test_what_only_the_order_of_words_tells_is_learnt_by_the_transformer(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    fillers = ["so", "it", "is", "and", "then", "was"]
    rows = []
    for _ in range(900):
        words = list(random.choice(fillers, random.integers(3, 8)))
        for place, name in zip(
            sorted(random.choice(len(words), 2, replace=False)),
            random.permutation(["dog", "man"]),
            strict=True,
        ):
            words.insert(place, str(name))
        rows.append((" ".join(words), "dog" if words.index("dog") < words.index("man") else "man"))
    texts, first = zip(*rows, strict=True)
    data = divided(pa.table({"text": texts, "first": first}), Kind.text, 600, 100)

    assert right(Transformer(width=32, depth=1), data, tmp_path / "order", 10) > 0.95
    assert right(MLP(), data, tmp_path / "bag", 10) < 0.7


@pytest.mark.parametrize(
    ("options", "problem", "remedy"),
    [
        (["model=cnn"], "model=cnn: is made for image columns", "Choose model=mlp, resnet"),
        (["model=transformer"], "model=transformer: is made for text columns", "Choose model=mlp"),
        (
            ["model=ft_transformer", "model.width=30"],
            "model.width=30: expected a multiple of model.heads=8",
            "Set model.width=32",
        ),
        (["model=transformer", "model.heads=7"], "model.width=64: expected", "model.width=63"),
        (["model=resnet", "model.hidden=0"], "model.hidden: expected a number above 0", ""),
        (["model=cnn", "model.depth=0"], "model.depth: expected a number at least 1", ""),
    ],
)
def test_what_a_network_cannot_do_is_refused_before_anything_runs(
    options: list[str], problem: str, remedy: str, small_csv: Path, mlfw_here: Mlfw
) -> None:
    done = mlfw_here(
        "run", "dataset=csv", f"dataset.path={small_csv}", "dataset.target=good", *options
    )

    assert done.returncode == 2
    assert problem in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr


def test_the_models_that_fit_the_columns_are_named() -> None:
    target = Column(name="y", kind=Kind.category)
    schema = Schema.of(
        columns=(Column(name="note", kind=Kind.text),),
        target=target,
        task=Task.binary,
        classes=("a", "b"),
    )

    with pytest.raises(UserError, match=r"(?s)image columns.*Choose model=transformer"):
        CNN().check_schema(schema)
    Transformer().check_schema(schema)
