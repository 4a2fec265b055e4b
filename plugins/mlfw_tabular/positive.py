"""Which class of a binary target is the positive one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Schema, Target, Task, UserError
from mlfw.errors import did_you_mean, listing
from mlfw.hints import override
from mlfw.schema.cast import FALSE_WORDS, TRUE_WORDS
from mlfw_tabular.targets import class_values

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "dataset.positive"

Sizes = Mapping[str, int]


def with_positive(schema: Schema, asked: str | None, sizes: Mapping[str, Sizes]) -> Schema:
    """Return a schema whose binary targets have the positive class as the last one.

    Args:
        schema: What the rows are.
        asked: The class that the user calls positive, of every binary target that has it.
        sizes: By target, how many rows each class has, in the order in which they first occur.

    Raises:
        UserError: No binary target has the class.
    """
    chosen = {
        target.name: find_class(asked, target.classes) if asked is not None else None
        for target in schema.targets
        if target.task is Task.binary
    }
    if asked is not None and not any(chosen.values()):
        raise _refusal(asked, [t for t in schema.targets if t.name in chosen], schema)
    targets = tuple(
        _last(target, chosen[target.name] or rarer_class(target.classes, sizes[target.name]))
        if target.name in chosen
        else target
        for target in schema.targets
    )
    return replace(schema, targets=targets)


def class_sizes(rows: pa.Table, targets: Sequence[Target]) -> dict[str, dict[str, int]]:
    """Return how many rows each class of the binary targets has, the first to occur first."""
    import pyarrow as pa

    sizes = {}
    for target in targets:
        if target.task is Task.binary:
            values = class_values(rows[target.name].combine_chunks(), target.task)
            counts = values.value_counts()
            names = counts.field("values").cast(pa.string()).to_pylist()
            sizes[target.name] = dict(zip(names, counts.field("counts").to_pylist(), strict=True))
    return sizes


def rarer_class(classes: Sequence[str], sizes: Sizes) -> str:
    """Return the class of fewer rows.

    Of two classes of the same size it is the one that says yes where the other one says no (`true`
    and `false`, `1` and `0`, ...), or else the one that occurs later. So it depends on no other
    name, and renaming a class changes nothing.
    """
    later_first = sorted(classes, key=[*sizes, *classes].index, reverse=True)
    says_no = any(name.lower() in FALSE_WORDS for name in classes)
    return min(
        later_first,
        key=lambda name: (sizes.get(name, 0), not (says_no and name.lower() in TRUE_WORDS)),
    )


def find_class(asked: str, classes: Sequence[str]) -> str | None:
    """Return the class that a word of a configuration means, or None.

    YAML and Hydra read `yes`, `NO` or `1.0` as booleans and numbers: a class of the same
    meaning is found too.
    """
    alike = [name for name in classes if name == asked]
    for same in (_same_word, _same_number, _same_truth):
        alike = alike or [name for name in classes if same(name, asked)]
    return alike[0] if len(alike) == 1 else None


def _same_word(a: str, b: str) -> bool:
    return a.strip().casefold() == b.strip().casefold()


def _same_number(a: str, b: str) -> bool:
    with suppress(ValueError):
        return float(a) == float(b)
    return False


def _same_truth(name: str, asked: str) -> bool:
    words = {"true": TRUE_WORDS, "false": FALSE_WORDS}.get(asked.strip().lower(), ())
    return name.strip().lower() in words


def _last(target: Target, positive: str) -> Target:
    """Return a target with one class moved to the end, its weights with it."""
    order = sorted(range(len(target.classes)), key=lambda i: target.classes[i] == positive)
    weights = tuple(target.weights[i] for i in order) if target.weights else ()
    return replace(target, classes=tuple(target.classes[i] for i in order), weights=weights)


def _refusal(asked: str, binary: Sequence[Target], schema: Schema) -> UserError:
    if not binary:
        targets = listing([f"'{t.name}' ({t.task})" for t in schema.targets])
        return UserError(
            f"{KEY}={asked}: only a binary target has a positive class; found {targets}.",
            f"Leave {KEY} out.",
        )
    known = [name for target in binary for name in target.classes]
    names = listing([f"'{target.name}'" for target in binary])
    example = override(KEY, rarer_class(known, {}))
    return UserError(
        f"{KEY}={asked}: no class of the target {names}; its classes are {listing(known)}.",
        f"{did_you_mean(asked, known, listed=True)} For example: {example}",
    )
