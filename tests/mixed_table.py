"""A small table of all kinds of columns, missing values included, with targets of every task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlfw import LoadContext, Splits, Task
from mlfw_tabular.parquet import Parquet

ROWS, FIRST_DAY = 150, datetime(2021, 1, 1)
TARGETS = ("answer", "kind", "level", "price", "tags")
PREPARE: dict[str, dict[str, Any]] = {
    "ratio": {"scale": "quantile"},
    "gain": {"scale": "log", "impute": "mean"},
    "city": {"encode": "target"},
    "remark": {"words": 20},
}


def mixed_table() -> pa.Table:
    """Return rows in which every target follows from the columns."""
    random = np.random.default_rng(0)
    amount, ratio, gain = random.normal(size=(3, ROWS))
    colour = random.choice(["red", "green", "blue"], ROWS)
    city = random.choice([f"c{i}" for i in range(8)], ROWS)
    ready = random.random(ROWS) > 0.5
    days = random.integers(0, 700, ROWS)
    score = amount + (colour == "red") + ready - ratio + days / 700
    level = np.digitize(score, [0.0, 1.5]) + 3
    tags = [
        [tag for tag, held in (("high", s > 1), ("red", c == "red")) if held]
        for s, c in zip(score, colour, strict=True)
    ]
    words = ["good fast", "bad", "good, but slow", "fine: fast"]
    table = {
        "amount": _with_gaps(amount.tolist(), 7),
        "whole number": random.integers(0, 9, ROWS).astype(float),
        "ratio": ratio,
        "gain": _with_gaps((np.sign(gain) * np.exp(3 * np.abs(gain))).tolist(), 11),
        "ready?": _with_gaps(ready.tolist(), 13),
        'seen "at"': _with_gaps(
            [FIRST_DAY + timedelta(days=int(d), hours=int(d) % 24) for d in days], 17
        ),
        "colour": _with_gaps(colour.tolist(), 9),
        "city": city,
        "remark": [words[i % 4] + ("!" if s > 1 else " thing") for i, s in enumerate(score)],
        "answer": score > 0.6,
        "kind": np.take(["low", "mid", "high"], level - 3),
        "level": level,
        "price": 1000 * score + 5000,
        "tags": pa.array(tags, pa.list_(pa.string())),
    }
    return pa.table(table)


def _with_gaps(values: list[Any], every: int) -> list[Any]:
    return [None if i % every == 1 else value for i, value in enumerate(values)]


def mixed_splits(folder: Path, targets: Sequence[str]) -> Splits:
    """Return the rows divided, with some of the targets.

    Args:
        folder: Where to put a file.
        targets: Which of `TARGETS`.
    """
    file = folder / f"{'-'.join(targets)}.parquet"
    pq.write_table(mixed_table().drop_columns([t for t in TARGETS if t not in targets]), file)
    return Parquet(
        path=str(file),
        target=list(targets),
        task=Task.multiclass if tuple(targets) == ("level",) else None,
        columns={"remark": "text", "city": "category"},
        prepare=PREPARE,
    ).load(LoadContext())


def odd_rows() -> pa.Table:
    """Return rows of extremes, categories that training never saw, and missing values."""
    huge = [None, float("inf"), -1e300, 1e300, 0.0]
    return pa.table(
        {
            "amount": huge,
            "whole number": huge,
            "ratio": huge,
            "gain": huge,
            "ready?": [None, True, False, None, True],
            'seen "at"': [None, datetime(1, 1, 1), datetime(9999, 12, 31, 23), None, FIRST_DAY],
            "colour": [None, "violet", "", "Red", "blue"],
            "city": [None, "c99", "", "c1 ", "c7"],
            "remark": [None, "", "other words", "good " * 30, "GOOD!"],
        }
    )  # fmt: skip
