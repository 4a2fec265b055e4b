"""Predictions for rows that come in pieces: read, predicted and written at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from mlfw.errors import UserError
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema import conform
from mlfw.schema.value_notes import MOST_EXAMPLES, MOST_SEARCHED, Problem, ValueNote, shown_value
from mlfw.threads import usable_cores

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Item = TypeVar("Item")
Result = TypeVar("Result")


class NotInPiecesError(Exception):
    """Something is wrong with the rows, or with a piece of them that is right in the whole."""


@dataclass
class PiecePrediction:
    """Predicts rows in pieces, with as many threads as there are cores.

    Attributes:
        model: The model.
        output: Returns what is written for some rows, from them and their predictions.
        place: Where the rows come from, for messages.
    """

    model: SavedModel
    output: Callable[[pa.Table, pa.Table], pa.Table]
    place: str

    def tables(self, pieces: Iterable[pa.Table], notes: list[ValueNote]) -> Iterator[pa.Table]:
        """Yield what is written for each piece, in order.

        Args:
            pieces: The rows; read by a thread of their own.
            notes: What is odd about the values of all pieces is added here at the end; see
                `mlfw.conform`.

        Raises:
            NotInPiecesError: A piece cannot be read, or no value of a column fits. What is to be
                said about all rows together may differ.
        """
        shared = self.model.predictor.for_threads()
        predictor, workers = self.model.predictor, 1
        if shared is not None:
            predictor, workers = shared, usable_cores()
        schema, joined = self.model.schema, JoinedNotes()

        def predicted(rows: pa.Table) -> tuple[pa.Table, pa.Table, list[ValueNote]]:
            found: list[ValueNote] = []
            table = conform(rows, schema, place=self.place, notes=found, piece=True)
            return self.output(rows, predictor.predict(table)), table, found

        try:
            for written, table, found in in_order(pieces, predicted, workers):
                joined.add(table, found)
                yield written
        except (UserError, OSError) as error:
            raise NotInPiecesError(str(error)) from error
        all_notes = joined.notes(schema.names)
        if not joined.rows or any(note.alien for note in all_notes):
            raise NotInPiecesError
        notes += all_notes


def in_order(
    items: Iterable[Item], function: Callable[[Item], Result], workers: int
) -> Iterator[Result]:
    """Yield a function's results in the order of the items, both made ahead in threads.

    Args:
        items: Made one after the other by one thread.
        function: Called by several threads at a time.
        workers: How many threads call it.
    """
    source = iter(items)
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(workers) as pool:
        following = reader.submit(next, source, None)
        made: deque[Future[Result]] = deque()
        try:
            while (item := following.result()) is not None:
                following = reader.submit(next, source, None)
                made.append(pool.submit(function, item))
                if len(made) > workers:
                    yield made.popleft().result()
            while made:
                yield made.popleft().result()
        finally:
            for each in made:
                each.cancel()


@dataclass
class JoinedNotes:
    """Joins the notes about pieces, as though they were about one table."""

    rows: int = 0
    values: dict[str, int] = field(default_factory=dict)
    found: dict[tuple[str, Problem], ValueNote] = field(default_factory=dict)

    def add(self, table: pa.Table, notes: Iterable[ValueNote]) -> None:
        """Add the next piece.

        Args:
            table: Its rows, as `mlfw.conform` returned them.
            notes: What is odd about them.
        """
        for name, column in zip(table.column_names, table.columns, strict=True):
            present = len(column) - column.null_count
            self.values[name] = self.values.get(name, 0) + present
        for note in notes:
            key = (note.column, note.problem)
            moved = _moved(note, self.rows)
            self.found[key] = _joined(self.found[key], moved) if key in self.found else moved
        self.rows += table.num_rows

    def notes(self, names: Iterable[str]) -> list[ValueNote]:
        """Return the joined notes, ordered by the names of columns."""
        notes = []
        for name in names:
            for problem in Problem:
                note = self.found.get((name, problem))
                if note is not None:
                    # A misfit counts as missing.
                    misfits = note.count if problem is Problem.misfit else 0
                    notes.append(replace(note, values=self.values[name] + misfits))
        return notes


def _moved(note: ValueNote, rows: int) -> ValueNote:
    """Return a note about rows before which there are others."""
    examples = tuple((row + rows, value) for row, value in note.examples)
    return replace(note, rows=note.rows[:MOST_SEARCHED] + rows, examples=examples)


def _joined(first: ValueNote, second: ValueNote) -> ValueNote:
    """Return one note for two about one column, with the examples that `note` would find."""
    import numpy as np

    rows: np.ndarray = np.concatenate([first.rows, second.rows])[:MOST_SEARCHED]
    examples = {shown_value(value): (row, value) for row, value in first.examples}
    for row, value in second.examples:
        if row <= rows[-1] and len(examples) < MOST_EXAMPLES:
            examples.setdefault(shown_value(value), (row, value))
    return replace(
        first,
        rows=rows,
        count=first.count + second.count,
        examples=tuple(examples.values()),
    )
