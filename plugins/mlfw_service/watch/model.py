"""A saved model whose predictions are counted and logged."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw import Kind, Task
from mlfw.components.dataset import Progress, silent
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema.predictions import output_names, prediction_name
from mlfw.schema.value_notes import Problem, ValueNote
from mlfw_service.watch.current import CURRENT
from mlfw_service.watch.metrics import Metrics, class_names

if TYPE_CHECKING:
    import pyarrow as pa
    from prometheus_client import Counter

    from mlfw.pipeline.reference import Reference
    from mlfw_service.watch.log import RequestLog

logger = logging.getLogger("mlfw.service")

MOST_SERIES = 200  # columns that are shown before anything is counted of them


@dataclass(frozen=True)
class WatchedModel(SavedModel):
    """A saved model that tells what is asked of it and what it answers.

    Attributes:
        inner: The model itself.
        watcher: Is told.
    """

    inner: SavedModel = field(kw_only=True)
    watcher: ModelWatcher = field(kw_only=True)

    def predict_noting(self, rows: Any, notes: list[ValueNote]) -> pa.Table:
        """Predict, and tell; see `SavedModel.predict_noting`."""
        before = len(notes)
        predictions = self.inner.predict_noting(rows, notes)
        self.watcher.predicted(rows, predictions, notes[before:])
        return predictions

    def predict_table(
        self,
        rows: pa.Table,
        *,
        place: str = "the data",
        progress: Progress = silent,
        notes: list[ValueNote] | None = None,
    ) -> pa.Table:
        """Predict, and tell; see `SavedModel.predict_table`."""
        before = len(notes or ())
        predictions = self.inner.predict_table(rows, place=place, progress=progress, notes=notes)
        self.watcher.predicted(rows, predictions, (notes or [])[before:])
        return predictions


class ModelWatcher:
    """Counts and logs what one model is asked.

    Args:
        name: What the model is called.
        version: Its version.
        model: The model.
        metrics: Where it is counted.
        reference: How its training data were distributed, if that is known.
        log: Where it is logged, if anywhere.
    """

    def __init__(
        self,
        name: str,
        version: str,
        model: SavedModel,
        metrics: Metrics,
        reference: Reference | None,
        log: RequestLog | None,
    ) -> None:
        self.name, self.version, self.log = name, version, log
        self.schema, self._metrics, self._failed = model.schema, metrics, False
        self._rows = metrics.rows.labels(name)
        self._ranges = _ranges(model, reference)
        self._missing = _children(metrics.missing, self.schema.names)
        self._outside = _children(metrics.outside, [name for name, _, _ in self._ranges])
        categories = [c.name for c in self.schema.columns if c.kind is Kind.category]
        self._unseen = _children(metrics.unseen, categories)
        shown = output_names(self.schema)
        self._outputs = [
            (shown[prediction_name(self.schema, target)], prediction_name(self.schema, target),
             target, class_names(target) if target.classes else {})
            for target in self.schema.targets
        ]  # fmt: skip
        self._classes = {
            (target.name, text): metrics.predictions.labels(target.name, text, name)
            for _, _, target, texts in self._outputs
            for text in texts.values()
        }
        self._values = {
            target.name: metrics.values.labels(target.name, name)
            for target in self.schema.targets
            if target.task is Task.regression
        }

    def predicted(self, rows: Any, predictions: pa.Table, notes: list[ValueNote]) -> None:
        """Take note of rows and what was predicted, if a request for predictions is answered.

        Args:
            rows: A list of dicts, or a table.
            predictions: The predictions.
            notes: What was odd about the rows.
        """
        request = CURRENT.get()
        if request is None or not request.predicts:
            return
        request.model = request.model or self.name
        try:
            self._count(rows, predictions, notes)
            if self.log is not None:
                self.log.put(rows, predictions, self.name, self.version, request.number)
        except Exception:
            if not self._failed:  # no request fails for it, and the log is not filled with it
                self._failed = True
                logger.exception("%s: requests are not counted or logged", self.name)

    def _count(self, rows: Any, predictions: pa.Table, notes: list[ValueNote]) -> None:
        self._rows.observe(predictions.num_rows)
        self._count_predictions(predictions)
        for note in notes:
            if note.problem is Problem.unseen:
                self._child(self._unseen, self._metrics.unseen, note.column).inc(len(note.rows))
        if isinstance(rows, list):
            self._count_rows(rows)
        elif hasattr(rows, "column_names"):
            self._count_table(rows)

    def _count_predictions(self, predictions: pa.Table) -> None:
        there = set(predictions.column_names)
        for shown, plain, target, texts in self._outputs:
            column = predictions.column(shown if shown in there else plain)
            if target.task is Task.regression:
                observe = self._values[target.name].observe
                for value in column.to_pylist():
                    if value is not None:
                        observe(value)
                continue
            found: dict[str, int] = {}
            for value in column.to_pylist():
                for one in value if isinstance(value, list) else (value,):
                    text = texts.get(one)
                    if text is not None:
                        found[text] = found.get(text, 0) + 1
            for text, count in found.items():
                self._classes[target.name, text].inc(count)

    def _count_rows(self, rows: list[dict[str, Any]]) -> None:
        missing: dict[str, int] = {}
        outside: dict[str, int] = {}
        for row in rows:
            if None in row.values() or len(row) < len(self.schema.names):
                for name in self.schema.names:
                    if row.get(name) is None:
                        missing[name] = missing.get(name, 0) + 1
            for name, low, high in self._ranges:
                value = row.get(name)
                if isinstance(value, (float, int)) and not low <= value <= high:
                    outside[name] = outside.get(name, 0) + 1
        self._add(missing, outside)

    def _count_table(self, rows: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        there = set(rows.column_names)
        missing = {
            name: rows.column(name).null_count
            for name in self.schema.names
            if name in there and rows.column(name).null_count
        }
        outside: dict[str, int] = {}
        for name, low, high in self._ranges:
            if name in there and pa.types.is_floating(rows.schema.field(name).type):
                values = rows.column(name)
                odd = pc.or_(pc.less(values, low), pc.greater(values, high))
                outside[name] = pc.sum(odd).as_py() or 0
        self._add(missing, {name: count for name, count in outside.items() if count})

    def _add(self, missing: dict[str, int], outside: dict[str, int]) -> None:
        for name, count in missing.items():
            self._child(self._missing, self._metrics.missing, name).inc(count)
        for name, count in outside.items():
            self._child(self._outside, self._metrics.outside, name).inc(count)

    def _child(self, children: dict[str, Counter], counter: Counter, name: str) -> Counter:
        found = children.get(name)
        if found is None:
            found = children[name] = counter.labels(name)
        return found


def _children(counter: Counter, names: Any) -> dict[str, Counter]:
    """Return the counters of some columns, at 0 if nothing is counted."""
    return {name: counter.labels(name) for name in list(names)[:MOST_SERIES]}


def _ranges(model: SavedModel, reference: Reference | None) -> list[tuple[str, float, float]]:
    """Return the numeric columns whose range in training is known, with it."""
    found = []
    for column in model.schema.columns if reference is not None else ():
        assert reference is not None
        before = reference.columns.get(column.name)
        if column.kind is Kind.number and before and None not in (before.low, before.high):
            found.append((column.name, float(before.low or 0), float(before.high or 0)))
    return found
