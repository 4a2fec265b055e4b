"""From the body of a request to rows that fit the schema, or to what is wrong with them.

Values are read as `mlfw predict` reads them; here it is only checked that they are plain ones.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mlfw import Kind, Schema, UserError, conform
from mlfw.pipeline.tables import to_arrow
from mlfw.schema.conform import expectation
from mlfw.schema.names import search_columns
from mlfw.schema.value_notes import Problem, ValueNote, shown_value
from mlfw_service.options import Unknown
from mlfw_service.reading.caps import check_caps
from mlfw_service.reading.refusal import MOST_DETAILS, Misfit, Refusal, shortened, shown

if TYPE_CHECKING:
    from mlfw_service.options import ServiceOptions

FORM = 'a row {"column": value, ...}, a list of rows, or {"rows": [...]}'
IMAGE = "an image file's content in base64"
FURTHER_KEYS = 100  # that a row may have beside those that are known
LARGEST = sys.float_info.max
SIMPLE = frozenset({str, bool, type(None)})


@dataclass(frozen=True)
class Rows:
    """The rows of a request.

    Attributes:
        rows: A dict for each row, with every column of the schema, and perhaps others.
        single: Whether it was one row by itself, not a list.
        notes: What is to be said about keys of a row, by the row's index.
    """

    rows: list[dict[str, Any]]
    single: bool
    notes: dict[int, list[str]]


class DuplicateKeyError(ValueError):
    """An object has a key twice."""


class RowReader:
    """Reads the rows of a request.

    Args:
        schema: The model's schema.
        options: The caps, and what happens to unknown columns.
        left_out: Further columns of the training data that the model does not use.
    """

    def __init__(
        self, schema: Schema, options: ServiceOptions, left_out: Iterable[str] = ()
    ) -> None:
        self._schema = schema
        self._columns = {column.name: column for column in schema.columns}
        self._names = frozenset(self._columns)
        self._targets = {target.name for target in schema.targets} - self._names
        self._left_out = set(left_out) - self._names
        self._images = [each.name for each in schema.columns if each.kind is Kind.image]
        self._refuse_unknown = options.unknown == Unknown.refuse
        known = self._names | self._targets | self._left_out
        self._max_keys = len(known) + FURTHER_KEYS
        self._max_rows = options.max_rows
        # A photograph in base64 is as large as a body may be.
        self._max_row = options.max_body if self._images else options.max_row
        self._decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates)

    def read(self, body: bytes) -> Rows:
        """Return the rows of a request's body.

        Every row has all columns, each with a number that is finite, a text, true, false or null.
        Whether a value fits its column is found out when it is predicted; see `misfits`.

        Raises:
            Refusal: The body is no JSON, holds no rows, or a row has other keys than the schema.
        """
        check_caps(body, max_rows=self._max_rows, max_keys=self._max_keys, max_row=self._max_row)
        rows, single = self._rows(self._parse(body))
        if len(rows) > self._max_rows:
            raise Refusal(413, f"expected at most {self._max_rows} rows, found {len(rows)}")
        notes: dict[int, list[str]] = {}
        wrong: list[Misfit] = []
        for number, row in enumerate(rows):
            if type(row) is not dict:
                found = shown(row)
                wrong.append(Misfit(number, None, "an object with a key for every column", found))
            elif row.keys() != self._names:
                rows[number] = row = self._renamed(row)
                wrong += self._check_keys(number, row, notes)
            if len(wrong) >= MOST_DETAILS:
                break
            if not wrong:
                wrong += self._check_values(number, row)
        if wrong:
            raise Refusal.of_rows(wrong)
        return Rows(rows, single, notes)

    def _parse(self, body: bytes) -> Any:
        try:
            text = body.decode()
            value = self._decoder.decode(text)
            if "\\u" in text:
                _check_characters(text)
        except DuplicateKeyError as error:
            raise Refusal(422, f"expected each key once in a row, found {error} twice") from None
        except (ValueError, RecursionError) as error:
            raise Refusal(400, f"expected {FORM}; this is not JSON: {_reason(error)}") from None
        return value

    def _rows(self, value: Any) -> tuple[list[Any], bool]:
        if type(value) is list:
            return value, False
        if type(value) is dict:
            if value.keys() == {"rows"} and type(value["rows"]) is list:
                return value["rows"], False
            return [value], True
        raise Refusal(422, f"expected {FORM}, found {shown(value)}")

    def _renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row whose keys are the schema's where they differ in blanks alone."""
        if row.keys() >= self._names:
            return row
        keys = list(row)
        try:
            found, _ = search_columns(keys, self._schema.names, "the row")
        except UserError:  # two keys for one column
            return row
        names = {index: name for name, index in found.items()}
        return {names.get(index, key): value for index, (key, value) in enumerate(row.items())}

    def _check_keys(
        self, number: int, row: dict[str, Any], notes: dict[int, list[str]]
    ) -> list[Misfit]:
        wrong = [
            Misfit(number, name, f"{expectation(column)}, or null", "no such key")
            for name, column in self._columns.items()
            if name not in row
        ]
        for name in row:
            if name in self._names or name in self._left_out:
                continue
            if name in self._targets:
                notes.setdefault(number, []).append(
                    f"column {shown_value(name)} is what the model predicts, and was ignored."
                )
            elif self._refuse_unknown:
                wrong.append(self._unknown(number, name))
            else:
                notes.setdefault(number, []).append(
                    f"column {shown_value(name)} is not known to the model, and was ignored."
                )
            if len(wrong) >= MOST_DETAILS:
                break
        return wrong

    def _unknown(self, number: int, name: str) -> Misfit:
        name = shortened(name)
        close = get_close_matches(name, self._columns, n=1)
        perhaps = f", perhaps '{close[0]}'" if close else ""
        return Misfit(number, name, f"a column of the model{perhaps}", "an unknown column")

    def _check_values(self, number: int, row: dict[str, Any]) -> list[Misfit]:
        """Check that values are plain and finite; images become bytes."""
        wrong = [
            self._misfit(number, name, value)
            for name, value in row.items()
            if value.__class__ not in SIMPLE and name in self._names and not _is_plain(value)
        ]
        for name in self._images:
            value = row[name]
            if value is None or wrong:
                continue
            try:
                row[name] = b64decode(value, validate=True)
            except (TypeError, ValueError):
                wrong.append(Misfit(number, name, f"{IMAGE}, or null", shown(value)))
        return wrong

    def _misfit(self, number: int, name: str, value: Any) -> Misfit:
        finite = isinstance(value, float | int)
        words = "a finite number" if finite else expectation(self._columns[name])
        return Misfit(number, name, f"{words}, or null", shown(value))

    def misfits(self, rows: list[dict[str, Any]], notes: Iterable[ValueNote]) -> list[Misfit]:
        """Return the values that do not fit their column, in the rows' order.

        Args:
            rows: The rows.
            notes: What is odd about their values.
        """
        found = [
            self._value_misfit(row, each.column, rows)
            for each in notes
            if each.problem is Problem.misfit
            for row in each.rows[:MOST_DETAILS].tolist()
        ]
        order = {name: index for index, name in enumerate(self._columns)}
        return sorted(found, key=lambda each: (each.row, order[str(each.field)]))

    def misfits_alone(self, rows: list[dict[str, Any]]) -> list[Misfit]:
        """Return the values that do not fit their column, looking at one row after the other."""
        found: list[Misfit] = []
        for number, row in enumerate(rows):
            notes: list[ValueNote] = []
            conform(to_arrow([row], self._schema), self._schema, notes=notes)
            found += [
                self._value_misfit(number, each.column, rows)
                for each in notes
                if each.problem is Problem.misfit
            ]
            if len(found) >= MOST_DETAILS:
                break
        return found

    def _value_misfit(self, row: int, name: str, rows: list[dict[str, Any]]) -> Misfit:
        words = IMAGE if name in self._images else expectation(self._columns[name])
        value = rows[row][name]
        found = "something else" if isinstance(value, bytes) else shown(value)
        return Misfit(row, name, f"{words}, or null", found)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    return kind in (float, int) and -LARGEST <= value <= LARGEST


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DuplicateKeyError(shown(name))
            seen.add(name)
    return row


def _check_characters(text: str) -> None:
    """Raise an error if a text in JSON has half a character, which no file can hold."""
    from pydantic_core import from_json

    from_json(text)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else shortened(str(error))
