"""Several targets share a trunk, each counting as much as it is said to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from mlfw import Column, FitContext, Kind, Schema, Splits, Target, Task, UserError
from mlfw_lightning import LightningTrainer
from mlfw_lightning.heads import Head, heads_of
from mlfw_lightning.networks.mlp import MLP
from mlfw_tabular.features import TargetScale

ROWS = 400
NUMBER = Column(name="rent", kind=Kind.number)
CLASS = Column(name="kind", kind=Kind.category)
SCHEMA = Schema(
    columns=tuple(Column(name=name, kind=Kind.number) for name in ("a", "b")),
    targets=(
        Target(column=NUMBER, task=Task.regression),
        Target(column=CLASS, task=Task.binary, classes=("no", "yes")),
    ),
)


def splits() -> Splits:
    """Return rows whose targets follow from different columns: a narrow trunk must choose."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, ROWS))
    table = pa.table({"a": a, "b": b, "rent": a * 3, "kind": np.where(b > 0, "yes", "no")})
    return Splits(table.slice(0, 200), table.slice(200, 100), table.slice(300), SCHEMA)


def errors(folder: Path, weights: dict[str, float]) -> tuple[float, float]:
    """Return the error of the rent in deviations, and the share of wrong kinds."""
    data = splits()
    context = FitContext(
        trainer=LightningTrainer(accelerator="cpu", epochs=40, patience=None),
        seed=0,
        folder=folder,
        report=lambda *_: None,
    )
    model = MLP(width=1, depth=1, dropout=0.0, learning_rate=0.02, target_weights=weights)
    predictions = model.fit(data, context).predict(data.test)
    rent = np.array(predictions["prediction_rent"]) - np.array(data.test["rent"])
    wrong = np.array(predictions["prediction_kind"]) != np.array(data.test["kind"])
    return float(np.sqrt((rent**2).mean())) / 3, float(wrong.mean())


def test_a_narrow_trunk_learns_the_target_that_counts(tmp_path: Path) -> None:
    rent, kind = errors(tmp_path / "a", {"rent": 10.0, "kind": 0.01})
    other_rent, other_kind = errors(tmp_path / "b", {"rent": 0.01, "kind": 10.0})

    assert rent < other_rent - 0.1
    assert other_kind < kind - 0.1


def test_a_loss_is_multiplied_and_counts_once_where_nothing_is_said() -> None:
    scores, target = torch.randn(5, 3), torch.randint(0, 3, (5,))
    plain = Head(Task.multiclass, 3).loss_sum(scores, target)

    assert torch.equal(
        Head(Task.multiclass, 3, importance=0.25).loss_sum(scores, target), plain * 0.25
    )
    heads = heads_of(SCHEMA, [TargetScale(), TargetScale()], {"kind": 0.5})
    assert [head.importance for head in heads] == [1.0, 0.5]
    assert [Head.from_json(head.to_json()) for head in heads] == list(heads)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"knd": 1.0}, r"model\.target_weights\.knd: not a target.*\n.*'kind'"),
        ({"kind": -1.0}, r"target_weights\.kind: expected a number of at least 0, found -1"),
        ({"kind": float("nan")}, r"target_weights\.kind: expected a number"),
    ],
)
def test_weights_that_cannot_be_are_refused(
    weights: dict[str, float], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        errors(tmp_path, weights)
