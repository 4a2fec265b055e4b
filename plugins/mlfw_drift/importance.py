"""How much a model leans on each column: permutation importance on validation rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Kind, RowSplits, Schema, Task
from mlfw.components.splits import VALIDATION
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema.predictions import probability_matrix, single_predictions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SEED = 0
ROWS, REPEATS = 400, 3
HEAVY_ROWS, HEAVY_REPEATS = 48, 1  # of texts and images, which large networks read
LEAST_ROWS = 20
LEAST_PROBABILITY = 1e-6


def importances(model: SavedModel, splits: RowSplits) -> dict[str, float] | None:
    """Return each column's share in what the model knows, all together 1; None if unknown.

    A column's values are shuffled among the rows, and the loss grows by as much as the model
    leans on it (Breiman, Random Forests, 2001; Fisher, Rudin and Dominici, 2019). The loss is the
    log loss of classes, and the squared error of numbers. Test rows are never looked at.

    Args:
        model: The saved model.
        splits: The rows of its run.
    """
    import numpy as np

    schema = model.schema
    heavy = any(column.kind in (Kind.text, Kind.image) for column in schema.columns)
    rows = _some(splits, HEAVY_ROWS if heavy else ROWS)
    if rows is None or rows.num_rows < LEAST_ROWS:
        return None
    inputs = rows.select(schema.names)
    before = _losses(model.predict_table(inputs), rows, schema)
    random, repeats = np.random.default_rng(SEED), HEAVY_REPEATS if heavy else REPEATS
    grown = np.zeros((len(schema.names), len(before)))
    for place, name in enumerate(schema.names):
        for _ in range(repeats):
            mixed = inputs.column(place).take(random.permutation(rows.num_rows))
            predictions = model.predict_table(inputs.set_column(place, name, mixed))
            grown[place] += (_losses(predictions, rows, schema) - before) / repeats
    grown = np.maximum(grown, 0)
    totals = grown.sum(axis=0)
    if not (totals > 0).any():
        return None
    shares = (grown[:, totals > 0] / totals[totals > 0]).mean(axis=1)
    return dict(zip(schema.names, shares.tolist(), strict=True))


def _some(splits: RowSplits, most: int) -> pa.Table | None:
    """Return so many validation rows with all targets, taken evenly."""
    import numpy as np
    import pyarrow as pa

    count = splits.count(VALIDATION)
    wanted = np.unique(np.linspace(0, max(count - 1, 0), min(most, count)).astype(int))
    taken, done = [], 0
    for batch in splits.batches(VALIDATION):
        own = wanted[(wanted >= done) & (wanted < done + batch.num_rows)] - done
        taken.append(batch.take(own))
        done += batch.num_rows
    if not taken:
        return None
    rows = pa.concat_tables(taken)
    for target in splits.schema.targets:
        rows = rows.filter(rows[target.name].is_valid())
    return rows.unify_dictionaries()


def _losses(predictions: pa.Table, rows: pa.Table, schema: Schema) -> np.ndarray:
    """Return the mean loss of each target, float64 [targets]."""
    import numpy as np

    found = []
    for target in schema.targets:
        single = schema.single(target)
        own = single_predictions(schema, target, predictions)
        if target.task is Task.regression:
            truth = np.asarray(rows[target.name], np.float64)
            found.append(np.mean((np.asarray(own["prediction"], np.float64) - truth) ** 2))
            continue
        chances = np.clip(probability_matrix(single, own), LEAST_PROBABILITY, 1)
        if target.task is Task.multilabel:
            held = np.asarray(single.indicators(rows).flatten()).reshape(chances.shape)
            other = np.clip(1 - chances, LEAST_PROBABILITY, 1)
            found.append(-np.mean(np.where(held == 1, np.log(chances), np.log(other))))
            continue
        codes = single.codes(rows).to_numpy(zero_copy_only=False)
        known = np.isfinite(codes) & (codes >= 0)
        own_chance = chances[known, codes[known].astype(int)]
        found.append(-np.mean(np.log(own_chance)))
    return np.nan_to_num(np.array(found))
