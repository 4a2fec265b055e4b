"""Classes of evaluated rows that training never saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlfw.errors import listing
from mlfw.schema import Schema, Target, Task
from mlfw.schema.whole import whole
from mlfw.schema.word_spelling import spelling_key

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 5


def unknown_classes(rows: pa.Table, schema: Schema) -> dict[str, dict[str, int]]:
    """Return, by target, how many rows have each class or label that the schema does not know.

    Args:
        rows: Conformed rows with the targets, none of these missing.
        schema: What the model was trained on.
    """
    found = {target.name: _counted(rows, target) for target in schema.targets}
    return {name: counts for name, counts in found.items() if counts}


def _counted(rows: pa.Table, target: Target) -> dict[str, int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if target.task is Task.regression:
        return {}
    values = whole(rows[target.name])
    words = values.flatten() if target.task is Task.multilabel else values
    counts = words.cast(pa.string()).value_counts()
    known = pc.is_in(counts.field("values"), pa.array(target.classes, pa.string()))
    new = counts.filter(pc.invert(known))
    pairs = zip(new.field("values").to_pylist(), new.field("counts").to_pylist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def unknown_notes(found: Mapping[str, Mapping[str, int]], rows: int, schema: Schema) -> list[str]:
    """Return a sentence for each target with classes or labels that training never saw.

    Args:
        found: What `unknown_classes` has found.
        rows: How many rows there are.
        schema: What the model was trained on.
    """
    targets = {target.name: target for target in schema.targets}
    return [_sentence(targets[name], counts, rows) for name, counts in found.items()]


def _sentence(target: Target, counts: Mapping[str, int], rows: int) -> str:
    shown = listing([f"'{name}' ({count:,})" for name, count in counts.items()], SHOWN)
    spelt = {spelling_key(name): name for name in target.classes}
    other = [
        f"'{name}' is written '{spelt[spelling_key(name)]}' there"
        for name in counts
        if spelling_key(name) in spelt
    ]
    hint = f"; {listing(other, SHOWN)}" if other else ""
    if target.task is Task.multilabel:
        return (
            f"labels of '{target.name}' that training never saw are left out of the metrics: "
            f"{shown}{hint}"
        )
    total = sum(counts.values())
    return (
        f"{total:,} of {rows:,} row{'' if rows == 1 else 's'} {'is' if total == 1 else 'are'} of a "
        f"class of '{target.name}' that training never saw, and "
        f"{'counts as a wrong prediction' if total == 1 else 'count as wrong predictions'}: "
        f"{shown}{hint}"
    )
