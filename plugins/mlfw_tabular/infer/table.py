"""A whole table: what each column holds, and its values read by that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlfw import Column, Kind
from mlfw.components.dataset import Progress, silent
from mlfw.schema.cast import CastError, cast
from mlfw.schema.conform import misfit_error
from mlfw.schema.number_spelling import join_spellings
from mlfw.schema.whole import whole
from mlfw.schema.words import MISSING_WORDS, encoded, is_string
from mlfw_tabular.each_column import each_column
from mlfw_tabular.infer.columns import marks_note, read_column
from mlfw_tabular.infer.dates import find_stamp, find_template, likeliest_template
from mlfw_tabular.infer.decimals import settle
from mlfw_tabular.infer.durations import find_duration
from mlfw_tabular.infer.inferred import HEAD, Inferred, Note
from mlfw_tabular.infer.labels import infer_labels
from mlfw_tabular.infer.marks import find_marks
from mlfw_tabular.infer.numerals import find_picture, find_units
from mlfw_tabular.infer.target import class_words, read_target
from mlfw_tabular.infer.words import every

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

NO_OVERRIDES: Mapping[str, Inferred] = MappingProxyType({})
ANY_DELIMITER = (";", "|", ",")


@dataclass(frozen=True)
class Source:
    """What is known of a table beside its values.

    Attributes:
        place: What it is called in messages.
        missing: The words that a person says mean a missing value beside the empty one; None for
            the usual ones.
        point: Returns what stands before decimals, as far as the form of the source tells: `,` or
            nothing.
    """

    place: str = "the data"
    missing: tuple[str, ...] | None = None
    point: Callable[[], str] = str

    @property
    def words_for_missing(self) -> tuple[str, ...]:
        """The words that mean a missing value, the empty one included."""
        return MISSING_WORDS if self.missing is None else ("", *self.missing)


ANY_SOURCE = Source()


def infer_and_cast(
    table: pa.Table,
    overrides: Mapping[str, Inferred] = NO_OVERRIDES,
    *,
    targets: Collection[str] = (),
    source: Source = ANY_SOURCE,
) -> tuple[dict[str, Inferred], dict[str, pa.Array]]:
    """Return what each column holds, and its values in that kind's storage type.

    Args:
        table: Rows as they are in the source.
        overrides: What a person says of columns, by name; where only the kind is said, how the
            values are written is found out.
        targets: Which columns are targets, for which the rules differ a little.
        source: What is known of the table beside its values.

    Returns:
        Two dicts by column, in the table's order.

    Raises:
        UserError: A value does not fit what was said; names the column and the row, from 1.
    """
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return infer_and_cast_all(columns, overrides, targets=targets, source=source)


def infer_and_cast_all(
    rows: dict[str, pa.ChunkedArray],
    overrides: Mapping[str, Inferred] = NO_OVERRIDES,
    *,
    targets: Collection[str] = (),
    source: Source = ANY_SOURCE,
    kept: np.ndarray | None = None,
    progress: Progress = silent,
) -> tuple[dict[str, Inferred], dict[str, pa.Array]]:
    """Do as `infer_and_cast`, and take each column out of `rows` once it is read.

    A large table is not held twice, then.

    Args:
        rows: Columns of the same length as they are in the source, by name.
        overrides: See `infer_and_cast`.
        targets: See `infer_and_cast`.
        source: See `infer_and_cast`.
        kept: The rows that count, int64 [kept]; None for all. Only these are read.
        progress: Whom to tell how much is read.
    """
    undecided: dict[str, pa.Array] = {}
    chosen = None if kept is None else _mask(kept, rows)

    def read(name: str, values: pa.ChunkedArray) -> tuple[Inferred, pa.Array]:
        own = whole(values if chosen is None else values.filter(chosen))
        said = overrides.get(name)
        try:
            inferred, typed = _read(name, own, said, name in targets, source)
        except _MisfitError as misfit:
            row = misfit.row if kept is None else int(kept[misfit.row])
            raise misfit_error(CastError(row, misfit.value), misfit.column, source.place) from None
        if inferred.other and not (said and said.format):
            undecided[name] = own
        if inferred.missing is None and source.missing is not None:
            inferred = replace(inferred, missing=source.missing)
        if inferred.kind is Kind.category and name not in targets:
            typed = join_spellings(typed)
        return inferred, typed

    found = each_column(read, rows, progress, "kinds of columns")
    if undecided:
        found = settle(found, undecided, source.point())
    columns = {name: inferred for name, (inferred, _) in found.items()}
    arrays = {name: values for name, (_, values) in found.items()}
    return columns, arrays


class _MisfitError(CastError):
    """A value does not fit what a column is to hold."""

    def __init__(self, row: int, value: object, column: Column) -> None:
        super().__init__(row, value)
        self.column = column


def _mask(kept: np.ndarray, rows: Mapping[str, pa.ChunkedArray]) -> pa.Array:
    """Return which rows are kept, bool [rows]."""
    import numpy as np
    import pyarrow as pa

    mask = np.zeros(max(map(len, rows.values()), default=0), bool)
    mask[kept] = True
    return pa.array(mask)


def _read(
    name: str, values: pa.Array, said: Inferred | None, is_target: bool, source: Source
) -> tuple[Inferred, pa.Array]:
    missing = source.words_for_missing
    if said is not None:
        inferred, typed = _read_as(name, values, said, missing)
    else:
        try:
            read = read_target if is_target else read_column
            inferred, typed = read(name, values, missing)
        except CastError as misfit:
            column = Column(name=name, kind=Kind.category)
            raise _MisfitError(misfit.row, misfit.value, column) from None
    if is_target and source.missing is None and (said is None or said.missing is None):
        category = said is not None and said.kind is Kind.category
        if category or said is None:
            return class_words(name, values, inferred, typed, said=category)
    return inferred, typed


def _read_as(
    name: str, values: pa.Array, said: Inferred, missing: tuple[str, ...]
) -> tuple[Inferred, pa.Array]:
    """Read a column as what a person says it holds, with words found that mean it is missing."""
    if said.missing is not None:
        missing = ("", *said.missing)
    inferred = said if said.format else infer_as(name, values, said.kind, missing)
    try:
        typed = cast(values, inferred.kind, inferred.format, missing)
    except CastError as misfit:
        marks, notes = _marks(name, values, said, missing)
        if not marks:
            column = Column(name=name, kind=inferred.kind, format=inferred.format)
            raise _MisfitError(misfit.row, misfit.value, column) from None
        more = (*missing[1:], *marks)
        inferred, typed = _read_as(name, values, replace(said, missing=more), missing)
        return replace(inferred, notes=(*notes, *inferred.notes)), typed
    return replace(inferred, missing=said.missing), typed


def _marks(
    name: str, values: pa.Array, said: Inferred, missing: tuple[str, ...]
) -> tuple[list[str], tuple[Note, ...]]:
    """Return words that mean a missing value where numbers, dates or booleans are expected."""
    import pyarrow as pa

    if said.kind not in (Kind.number, Kind.datetime, Kind.boolean):
        return [], ()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not is_string(values.type):
        return [], ()
    words = encoded(values.cast(pa.string()), missing)
    marks = find_marks(words, sure=True)
    return marks, (marks_note(name, said.kind, words, marks),) if marks else ()


def infer_as(
    name: str, values: pa.Array, kind: Kind, missing: tuple[str, ...] = MISSING_WORDS
) -> Inferred:
    """Return how the values of a column are written whose kind is known.

    Where some value does not fit, it is how most of the first ones are written, so that a message
    names the one that does not fit.
    """
    import pyarrow as pa

    usual = Inferred(kind)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_integer(values.type) and kind is Kind.datetime:
        values = values.cast(pa.string())
    if not is_string(values.type) or kind not in (Kind.number, Kind.datetime, Kind.labels):
        return usual
    if kind is Kind.labels:
        return replace(usual, format=infer_labels(values, ANY_DELIMITER, missing) or "")
    distinct = encoded(values.cast(pa.string()), missing).dictionary
    if not len(distinct) or every(distinct, kind) is not None:
        return usual
    if kind is Kind.datetime:
        # Under a name that says so, digits are a date.
        found = find_stamp("date month", distinct) or find_template(name, distinct)
        return found[0] if found else Inferred(kind, likeliest_template(distinct[:HEAD]))
    found = find_picture(name, distinct)[0] or find_duration(name, distinct)
    found = found or find_units(name, distinct)[0] or find_picture(name, distinct[:1])[0]
    return found[0] if found else usual
