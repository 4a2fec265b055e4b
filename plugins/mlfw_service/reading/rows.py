"""From the body of a request to rows that fit the schema, or to what is wrong with them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from mlfw import Column, Schema
from mlfw_service.reading.columns import column_type, expectation
from mlfw_service.reading.refusal import MOST_DETAILS, Misfit, Refusal, shortened, shown

FORM = 'a JSON list of rows, [{"column": value, ...}, ...], or {"rows": [...]}'


def row_type(schema: Schema) -> Any:
    """Return the type of one row, a typed dict with the schema's columns under their own names."""
    make_typed_dict: Any = TypedDict
    row = make_typed_dict("Row", {column.name: column_type(column) for column in schema.columns})
    row.__pydantic_config__ = ConfigDict(extra="forbid")
    return row


class RowReader:
    """Reads the rows of a request.

    Args:
        schema: The model's schema.
        max_rows: Most rows of a request.
    """

    def __init__(self, schema: Schema, max_rows: int) -> None:
        self.type = row_type(schema)
        self._columns = {column.name: column for column in schema.columns}
        self._adapter = TypeAdapter(self.type)
        self._max_rows = max_rows

    def read(self, body: bytes | bytearray) -> list[dict[str, Any]]:
        """Return the rows of a request's body, each fully checked.

        Raises:
            Refusal: The body is no JSON, no list of rows, or a row does not fit the schema.
        """
        rows = self._parse(body)
        accepted: list[dict[str, Any]] = []
        misfits: list[Misfit] = []
        for number, row in enumerate(rows):
            found = self._check_keys(number, row)
            if not found:
                try:
                    accepted.append(self._adapter.validate_python(row))
                except ValidationError as error:
                    found = [
                        self._misfit(number, each["loc"], each["input"])
                        for each in error.errors(include_url=False, include_context=False)
                    ]
            misfits += found
            if len(misfits) >= MOST_DETAILS:
                break
        if misfits:
            raise Refusal.of_rows(misfits)
        return accepted

    def _parse(self, body: bytes | bytearray) -> list[Any]:
        try:
            rows = from_json(body)
        except ValueError as error:
            raise Refusal(400, f"expected {FORM}; this is not JSON: {error}") from None
        if isinstance(rows, dict) and rows.keys() == {"rows"}:
            rows = rows["rows"]
        if not isinstance(rows, list):
            raise Refusal(422, f"expected {FORM}, found {shown(rows)}")
        if len(rows) > self._max_rows:
            raise Refusal(413, f"expected at most {self._max_rows} rows, found {len(rows)}")
        return rows

    def _check_keys(self, number: int, row: Any) -> list[Misfit]:
        """Compare a row's keys with the columns, before any value is looked at."""
        if not isinstance(row, dict):
            return [Misfit(number, None, "an object with a key for every column", shown(row))]
        missing = [
            Misfit(number, name, expectation(column), "no such key")
            for name, column in self._columns.items()
            if name not in row
        ]
        if not missing and len(row) == len(self._columns):
            return []
        unknown = [name for name in row if name not in self._columns][:MOST_DETAILS]
        return missing + [self._unknown(number, shortened(name)) for name in unknown]

    def _unknown(self, number: int, name: str) -> Misfit:
        close = get_close_matches(name, self._columns, n=1)
        perhaps = f", perhaps '{close[0]}'" if close else ""
        return Misfit(number, name, f"a column of the model{perhaps}", "an unknown column")

    def _misfit(self, number: int, place: tuple[int | str, ...], value: Any) -> Misfit:
        column: Column = self._columns[str(place[0])]
        return Misfit(number, column.name, expectation(column, value), shown(value))
