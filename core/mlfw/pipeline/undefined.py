"""Why a metric cannot be computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlfw.errors import listing
from mlfw.pipeline.metrics import Measure
from mlfw.schema import Schema, Task
from mlfw.schema.whole import whole

if TYPE_CHECKING:
    import pyarrow as pa


def undefined_notes(
    metrics: Mapping[str, Any], measures: Mapping[str, Measure], rows: pa.Table, schema: Schema
) -> list[str]:
    """Return a sentence for each reason for which some metrics are not a number.

    Args:
        metrics: The values by the measures' names.
        measures: What was measured.
        rows: The rows with the targets.
        schema: What the model was trained on.
    """
    reasons: dict[str, list[str]] = {}
    for name, measure in measures.items():
        value = metrics[name]
        if isinstance(value, float) and not math.isfinite(value):
            reason = _reason(measure, rows, schema.single(measure.target))
            reasons.setdefault(reason, []).append(name)
    return [f"{listing(names)} cannot be computed: {why}" for why, names in reasons.items()]


def _reason(measure: Measure, rows: pa.Table, schema: Schema) -> str:
    """Return the reason, `schema` being that of the measure's target alone."""
    import pyarrow.compute as pc

    count, task = rows.num_rows, schema.task
    if not count:
        return "there are no rows"
    if task is Task.multilabel:
        return "each label is in all rows or in none"
    if task is Task.regression:
        values = pc.unique(whole(rows[schema.target.name]))
        if len(values) == 1:
            which = "the only row has" if count == 1 else f"all {count:,} rows have"
            return f"{which} the value {values[0].as_py():g}"
        return "a prediction is not a number"
    codes = pc.unique(schema.codes(rows)).to_pylist()
    known = [schema.classes[code] for code in codes if code is not None]
    if measure.positive and measure.positive not in known:
        return f"no row is of the class '{measure.positive}'"
    if len(codes) == 1 and known:
        which = "the only row is" if count == 1 else f"all {count:,} rows are"
        return f"{which} of the class '{known[0]}'"
    if not known:
        return "no row is of a class that training saw"
    if task is Task.binary and schema.classes[-1] not in known:
        return f"no row is of the class '{schema.classes[-1]}'"
    return "a probability is not a number"
