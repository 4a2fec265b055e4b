"""The statement of a model, and what its columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw import Schema, Task
from mlfw.schema import free_name, prediction_name, probability_names
from mlfw.schema.predictions import output_names
from mlfw_onnx import TargetOutputs
from mlfw_sql.select.expressions import Expr, NoSqlError, double, literal
from mlfw_sql.select.graph import Run

if TYPE_CHECKING:
    import onnx

HEADER = """\
-- The predictions of a model of mlfw; see README.md.
-- For SQLite 3.35, DuckDB 1.0, PostgreSQL 12 and later versions.
"""


@dataclass(frozen=True)
class Made:
    """A model as a statement.

    Attributes:
        statement: The statement.
        keep: The columns of the table that it returns first.
        outputs: The outputs of the model in ONNX, by target.
        columns: Which of the statement's columns belong to each of these outputs.
        names: What the statement calls the columns of predictions that mlfw calls otherwise.
        nodes: How many nodes of trees it holds.
    """

    statement: str
    keep: tuple[str, ...]
    outputs: tuple[TargetOutputs, ...]
    columns: Mapping[str, Sequence[str]]
    names: Mapping[str, str]
    nodes: int = 0

    @property
    def prediction_names(self) -> list[str]:
        """What mlfw's predictions are called, in their order."""
        return list(self.names.values())


def made_of(model: onnx.ModelProto, schema: Schema, table: str, keep: Sequence[str] | None) -> Made:
    """Return a model as a statement.

    Args:
        model: The model in ONNX.
        schema: The model's schema.
        table: The table that the statement reads, as SQL.
        keep: Names of columns of the table to return first; None for those of the schema.

    Raises:
        NoSqlError: It has no form in SQL.
    """
    _check_names(schema)
    run = Run(model, schema)
    values = run.outputs()
    outputs = TargetOutputs.of(model)
    kept = tuple(schema.names if keep is None else keep)
    names = output_names(schema, kept)
    taken = {*kept, *names.values()}
    made: dict[str, Expr] = {}
    columns: dict[str, list[str]] = {}
    for target, own in zip(schema.targets, outputs, strict=True):
        name = names[prediction_name(schema, target)]
        if target.task is Task.regression:
            made[name], columns[own.prediction] = _output(values[own.prediction][0]), [name]
            continue
        labels = [name]
        if target.task is Task.multilabel:
            labels = []
            for label in target.classes:
                labels.append(free_name(f"{name}_{label}", taken))
                taken.add(labels[-1])
        for each, value in zip(labels, values[own.label].ravel(), strict=True):
            made[each] = _output(value)
        likely = [names[each] for each in probability_names(schema, target)]
        for each, value in zip(likely, values[own.probabilities][0], strict=True):
            made[each] = _output(value)
        columns |= {own.label: labels, own.probabilities: likely}
    statement = HEADER + run.steps.statement(table, kept, made)
    return Made(statement, kept, outputs, columns, names, tree_nodes(model))


def tree_nodes(model: onnx.ModelProto) -> int:
    """Return how many nodes the trees of a model have, leaves not counted."""
    lists = (each for node in model.graph.node for each in node.attribute)
    return sum(len(each.ints) for each in lists if each.name == "nodes_featureids")


def _output(value: Any) -> Expr:
    """Return an expression or a value as a column of the result."""
    if isinstance(value, Expr):
        return value
    is_number = isinstance(value, float)  # also NumPy's
    return Expr(double(value) if is_number else literal(value))


def _check_names(schema: Schema) -> None:
    """Check that a database tells the columns apart, which it does without regard to case.

    Raises:
        NoSqlError: It does not.
    """
    counts = Counter(name.lower() for name in schema.names)
    same = [name for name in schema.names if counts[name.lower()] > 1]
    if same:
        raise NoSqlError(f"columns whose names differ in case alone, such as '{same[0]}'")
