"""A whole table: what each column holds, and its values read by that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlfw import Column, Kind
from mlfw.components.dataset import Progress, silent
from mlfw.schema.cast import CastError
from mlfw.schema.conform import cast_values, misfit_error
from mlfw.schema.whole import whole
from mlfw.schema.words import encoded, is_string
from mlfw_tabular.each_column import each_column
from mlfw_tabular.infer.columns import read_column
from mlfw_tabular.infer.dates import find_stamp, find_template, likeliest_template
from mlfw_tabular.infer.inferred import HEAD, Inferred
from mlfw_tabular.infer.labels import infer_labels
from mlfw_tabular.infer.numerals import find_picture
from mlfw_tabular.infer.target import read_target
from mlfw_tabular.infer.words import every

if TYPE_CHECKING:
    import pyarrow as pa

NO_OVERRIDES: Mapping[str, Inferred] = MappingProxyType({})
ANY_DELIMITER = (";", "|", ",")


def infer_and_cast(
    table: pa.Table,
    overrides: Mapping[str, Inferred] = NO_OVERRIDES,
    *,
    targets: Collection[str] = (),
    place: str = "the data",
) -> tuple[dict[str, Inferred], dict[str, pa.Array]]:
    """Return what each column holds, and its values in that kind's storage type.

    Args:
        table: Rows as they are in the source.
        overrides: What a person says of columns, by name; where only the kind is said, how the
            values are written is found out.
        targets: Which columns are targets, for which the rules differ a little.
        place: What the source is called in messages.

    Returns:
        Two dicts by column, in the table's order.

    Raises:
        UserError: A value does not fit what was said; names the column and the row, from 1.
    """
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return infer_and_cast_all(columns, overrides, targets=targets, place=place)


def infer_and_cast_all(
    rows: dict[str, pa.ChunkedArray],
    overrides: Mapping[str, Inferred] = NO_OVERRIDES,
    *,
    targets: Collection[str] = (),
    place: str = "the data",
    progress: Progress = silent,
) -> tuple[dict[str, Inferred], dict[str, pa.Array]]:
    """Do as `infer_and_cast`, and take each column out of `rows` once it is read.

    A large table is not held twice, then.

    Args:
        rows: Columns of the same length as they are in the source, by name.
        overrides: See `infer_and_cast`.
        targets: See `infer_and_cast`.
        place: What the source is called in messages.
        progress: Whom to tell how much is read.
    """

    def read(name: str, values: pa.ChunkedArray) -> tuple[Inferred, pa.Array]:
        return _read(name, whole(values), overrides.get(name), name in targets, place)

    found = each_column(read, rows, progress, "kinds of columns")
    columns = {name: inferred for name, (inferred, _) in found.items()}
    arrays = {name: values for name, (_, values) in found.items()}
    return columns, arrays


def _read(
    name: str, values: pa.Array, said: Inferred | None, is_target: bool, place: str
) -> tuple[Inferred, pa.Array]:
    if said is not None:
        inferred = said if said.format else infer_as(name, values, said.kind)
        column = Column(name=name, kind=inferred.kind, format=inferred.format)
        return inferred, cast_values(values, column, place=place)
    try:
        return read_target(name, values) if is_target else read_column(name, values)
    except CastError as misfit:
        raise misfit_error(misfit, Column(name=name, kind=Kind.category), place) from None


def infer_as(name: str, values: pa.Array, kind: Kind) -> Inferred:
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
        return replace(usual, format=infer_labels(values, ANY_DELIMITER) or "")
    distinct = encoded(values.cast(pa.string())).dictionary
    if not len(distinct) or every(distinct, kind) is not None:
        return usual
    if kind is Kind.datetime:
        # Under a name that says so, eight digits are a date.
        found = find_stamp("date", distinct) or find_template(name, distinct)
        return found[0] if found else Inferred(kind, likeliest_template(distinct[:HEAD]))
    found = find_picture(name, distinct)[0] or find_picture(name, distinct[:1])[0]
    return found[0] if found else usual
