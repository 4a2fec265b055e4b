"""The table of predictions that every model returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

from mlfw.schema.cast import cast
from mlfw.schema.kinds import Kind, Task
from mlfw.schema.schema import Schema, Target

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PREDICTION = "prediction"
PROBABILITY = "probability"
LEAST_LABEL_PROBABILITY = 0.5
FEW_ROWS = 16


def prediction_name(schema: Schema, target: Target) -> str:
    """Return the name of a target's column of predictions.

    It is `prediction`, or `prediction_<target>` where there are several targets.
    """
    return PREDICTION if len(schema.targets) == 1 else f"{PREDICTION}_{target.name}"


def probability_names(schema: Schema, target: Target | None = None) -> list[str]:
    """Return the names of a target's probability columns, one a class, in the classes' order.

    They are `probability_<class>`, or `probability_<target>_<class>` where there are several
    targets. Where two of these are the same, as of the targets `a` and `a_b` with the classes
    `b_c` and `c`, both are `probability_<target>=<class>`.

    Args:
        schema: The model's schema.
        target: One of its targets; left out, the only one.
    """
    target = target or schema.only
    if len(schema.targets) == 1:
        return [f"{PROBABILITY}_{name}" for name in target.classes]
    return _names_of_several(schema)[target.name]


def _names_of_several(schema: Schema) -> dict[str, list[str]]:
    """Return the names of the probability columns by target; no two are the same."""
    pairs = [(target.name, name) for target in schema.targets for name in target.classes]
    usual = Counter(f"{PROBABILITY}_{target}_{name}" for target, name in pairs)
    taken = {name for name, count in usual.items() if count == 1}
    names: dict[str, list[str]] = {target.name: [] for target in schema.targets}
    for target, label in pairs:
        name = f"{PROBABILITY}_{target}_{label}"
        if usual[name] > 1:
            name = free_name(f"{PROBABILITY}_{target}={label}", taken)
            taken.add(name)
        names[target].append(name)
    return names


def output_names(schema: Schema, also: Iterable[str] = ()) -> dict[str, str]:
    """Return what the columns of predictions are called for users, by their names in the table.

    That is the same, unless an input, a target or a column kept beside them has the name: then a
    number follows it.

    Args:
        schema: The model's schema.
        also: Other names that are taken.
    """
    own = [
        name
        for target in schema.targets
        for name in (prediction_name(schema, target), *probability_names(schema, target))
    ]
    taken = {*schema.names, *(target.name for target in schema.targets), *also}
    clashes = taken.intersection(own)
    taken |= {*own}
    found = {}
    for name in own:
        found[name] = free_name(name, taken) if name in clashes else name
        taken.add(found[name])
    return found


def free_name(name: str, taken: Container[str]) -> str:
    """Return a name, with the first number after it that makes it a new one if need be."""
    numbered = (f"{name}_{number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def predictions_table(schema: Schema, values: Any) -> pa.Table:
    """Return the table of predictions that stands for a model's raw output.

    Args:
        schema: The model's schema.
        values: For classification the class probabilities, float [rows, classes] in the order of
            the target's classes; for multi-label each label's probability, float [rows, labels];
            for regression the predicted values, float [rows]. Where there are several targets, a
            sequence of these in the targets' order.

    Returns:
        The column `prediction` and, for classification, one column `probability_<class>` a class;
        with several targets these for each, with the target's name in theirs. A predicted class
        has the type of the target: bool, int64 or string; predicted labels are a list.
    """
    import pyarrow as pa

    each: Sequence[Any] = [values] if len(schema.targets) == 1 else values
    columns: dict[str, pa.Array] = {}
    for target, raw in zip(schema.targets, each, strict=True):
        columns |= _columns(schema, target, raw)
    return pa.table(columns)


def _columns(schema: Schema, target: Target, raw: Any) -> dict[str, pa.Array]:
    import numpy as np

    values = np.asarray(raw, dtype=np.float64)
    name = prediction_name(schema, target)
    if target.task is Task.regression:
        return {name: _numbers(values.reshape(-1))}
    predicted = (
        _likely_labels(target, values)
        if target.task is Task.multilabel
        else _likely_classes(target, values)
    )
    probabilities = {
        column: _numbers(values[:, index])
        for index, column in enumerate(probability_names(schema, target))
    }
    return {name: predicted, **probabilities}


def _numbers(values: np.ndarray) -> pa.Array:
    """Return numbers as an Arrow array, float64 [rows]; a NaN stays one.

    `pyarrow.array` does the same, but imports pandas and NumPy's masked arrays first.
    """
    import numpy as np
    import pyarrow as pa

    content = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.float64(), len(values), [None, content])


def _likely_labels(target: Target, values: np.ndarray) -> pa.Array:
    """Return each row's labels of probability 0.5 or more, list<string> [rows]."""
    import numpy as np
    import pyarrow as pa

    likely = values >= LEAST_LABEL_PROBABILITY
    offsets = np.concatenate([[0], np.cumsum(likely.sum(axis=1))]).astype(np.int32)
    labels = class_labels(target).take(pa.array(np.nonzero(likely)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), labels)


def single_predictions(schema: Schema, target: Target, predictions: pa.Table) -> pa.Table:
    """Return the predictions of one target, named as though it were the only one."""
    if len(schema.targets) == 1:
        return predictions
    own = [prediction_name(schema, target), *probability_names(schema, target)]
    single = schema.single(target)
    return predictions.select(own).rename_columns([PREDICTION, *probability_names(single)])


def probability_matrix(schema: Schema, predictions: pa.Table) -> Any:
    """Return the only target's probabilities, float64 [rows, classes]."""
    import numpy as np

    return np.stack([predictions[name].to_numpy() for name in probability_names(schema)], axis=1)


def class_labels(target: Target) -> pa.Array:
    """Return the classes in the target's own type, [classes]."""
    return _class_labels(target.classes, target.column.kind, target.column.integer)[0]


@lru_cache(maxsize=64)
def _class_labels(
    classes: tuple[str, ...], kind: Kind, integer: bool
) -> tuple[pa.Array, list[Any]]:
    """Return classes in their own type, and as Python's values."""
    import pyarrow as pa

    labels = pa.array(classes, pa.string())
    if kind is Kind.boolean:
        labels = cast(labels, Kind.boolean)
    elif kind is Kind.number:
        labels = labels.cast(pa.int64() if integer else pa.float64())
    return labels, labels.to_pylist()


def _likely_classes(target: Target, values: np.ndarray) -> pa.Array:
    """Return each row's most probable class, [rows]."""
    import pyarrow as pa

    likely = values.argmax(axis=1)
    if len(likely) <= 1:  # a part of the classes; sooner than by Arrow's functions
        labels = class_labels(target)
        return labels.slice(int(likely[0]), 1) if len(likely) else labels.slice(0, 0)
    labels, plain = _class_labels(target.classes, target.column.kind, target.column.integer)
    if len(likely) <= FEW_ROWS:  # sooner than by Arrow
        return pa.array([plain[index] for index in likely.tolist()], labels.type)
    return labels.take(pa.array(likely))
