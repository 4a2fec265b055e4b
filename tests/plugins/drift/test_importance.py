"""What a model leans on is found by shuffling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlfw import Column, Kind, Predictor, Schema, Splits, Target, Task, conform, predictions_table
from mlfw.pipeline.saved_model import SavedModel
from mlfw_drift.importance import importances

X = tuple(Column(name=name, kind=Kind.number) for name in ("a", "b", "unused"))
PRICE = Target(column=Column(name="price", kind=Kind.number), task=Task.regression)
GOOD = Target(
    column=Column(name="good", kind=Kind.category), task=Task.binary, classes=("no", "yes")
)
TAGS = Target(
    column=Column(name="tags", kind=Kind.labels), task=Task.multilabel, classes=("x", "y")
)


@dataclass
class Formula(Predictor):
    """Knows the truth: 3 a + b, and whether b is positive."""

    schema: Schema

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    def predict(self, rows: pa.Table) -> pa.Table:
        a, b = np.asarray(rows["a"]), np.asarray(rows["b"])
        chance = 1 / (1 + np.exp(-5 * b))
        both = np.stack([1 - chance, chance], axis=1)
        raw = {"price": 3 * a + b, "good": both, "tags": both}
        found = [raw[target.name] for target in self.schema.targets]
        return predictions_table(self.schema, found if len(found) > 1 else found[0])


def splits(*targets: Target, rows: int = 300) -> Splits:
    schema = Schema(columns=X, targets=targets)
    a, b, unused = np.random.default_rng(0).normal(size=(3, rows))
    table = pa.table(
        {
            "a": a, "b": b, "unused": unused, "price": 3 * a + b,
            "good": np.where(b > 0, "yes", "no"), "tags": [["y" if v > 0 else "x"] for v in b],
        }
    )  # fmt: skip
    own = conform(table, schema, with_target=True)

    def not_to_be_read() -> pa.Table:
        raise AssertionError("neither training nor test rows are to be read")

    return Splits(not_to_be_read, own, not_to_be_read, schema)


def weights(*targets: Target, rows: int = 300) -> dict[str, float] | None:
    data = splits(*targets, rows=rows)
    model = SavedModel(data.schema, Formula(data.schema), "formula", Path())
    return importances(model, data)


def test_a_number_leans_on_what_makes_it() -> None:
    found = weights(PRICE)

    assert found is not None
    assert found["a"] == pytest.approx(0.9, abs=0.05)
    assert found["unused"] == 0
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("target", [GOOD, TAGS])
def test_a_class_leans_on_what_makes_it(target: Target) -> None:
    assert weights(target) == {"a": 0.0, "b": 1.0, "unused": 0.0}


def test_several_targets_count_alike() -> None:
    found = weights(PRICE, GOOD)

    assert found is not None
    assert found["b"] == pytest.approx(0.55, abs=0.03)


def test_it_is_the_same_each_time() -> None:
    assert weights(PRICE) == weights(PRICE)


def test_a_handful_of_rows_tells_nothing() -> None:
    assert weights(PRICE, rows=10) is None
