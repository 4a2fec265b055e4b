"""Options of how columns are prepared: what there are, and reading those that were given."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from mlfw import Column, Kind, UserError
from mlfw.components.limits import violations
from mlfw.errors import did_you_mean, listing
from mlfw.hints import dotted, override
from mlfw_tabular.prepare.booleans import BooleanOptions
from mlfw_tabular.prepare.categories import CategoryOptions
from mlfw_tabular.prepare.datetimes import DatetimeOptions
from mlfw_tabular.prepare.images import ImageOptions
from mlfw_tabular.prepare.numbers import NumberOptions
from mlfw_tabular.prepare.texts import TextOptions

PREPARE_KEY = "dataset.prepare"
OPTIONS: dict[Kind, type[Any]] = {
    Kind.number: NumberOptions,
    Kind.category: CategoryOptions,
    Kind.boolean: BooleanOptions,
    Kind.datetime: DatetimeOptions,
    Kind.text: TextOptions,
    Kind.image: ImageOptions,
}
Options = TypeVar("Options")


def prepare_options(given: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return columns with their options of preparing.

    Args:
        given: Options by the name of a kind or a column; a column's own win over its kind's. A
            name that is both stands for the kind.
        columns: The input columns.

    Raises:
        UserError: A name, an option or a value is not known.
    """
    kinds = {column.name: column.kind for column in columns if column.kind in OPTIONS}
    kinds |= {kind.value: kind for kind in OPTIONS}
    checked = {}
    for name, options in given.items():
        if name not in kinds:
            raise UserError(
                f"{dotted(PREPARE_KEY, name)}: neither a kind of column nor an input column; kinds "
                f"are {listing(OPTIONS)}, columns are "
                f"{listing(column.name for column in columns)}.",
                did_you_mean(name, kinds, listed=True),
            )
        read = read_options(OPTIONS[kinds[name]], options, dotted(PREPARE_KEY, name))
        checked[name] = {option: _plain(getattr(read, option)) for option in options}
    return tuple(
        dataclasses.replace(
            column,
            prepare={
                **column.prepare,
                **checked.get(column.kind.value, {}),
                **(checked.get(column.name, {}) if column.name not in set(OPTIONS) else {}),
            },
        )
        for column in columns
    )


def column_options(column: Column) -> Any:
    """Return all options of a column, an instance of its kind's class in `OPTIONS`.

    Raises:
        UserError: The column's kind cannot be prepared, or an option is wrong.
    """
    if column.kind not in OPTIONS:
        raise UserError(
            f"column '{column.name}': holds {column.kind}, which can be predicted only.",
            f"Leave it out: {override('dataset.drop', [column.name])}",
        )
    return read_options(OPTIONS[column.kind], column.prepare, dotted(PREPARE_KEY, column.name))


def read_options(options: type[Options], given: Any, place: str) -> Options:
    """Return options as an instance of their class.

    Args:
        options: A dataclass whose fields are options.
        given: Values by option, as a config holds them.
        place: The key under which they were given, for messages.

    Raises:
        UserError: An option or a value is not known.
    """
    if given == {}:
        return options()
    hints = typing.get_type_hints(options)
    names = [field.name for field in dataclasses.fields(options)]  # type: ignore[arg-type]
    if not isinstance(given, Mapping):
        example = f"For example: {place}.{names[0]}=..." if names else ""
        raise UserError(f"{place}: expected options by name, found {given!r}.", example)
    values = {}
    for name, value in given.items():
        if name not in names:
            raise UserError(
                f"{place}.{name}: no such option" + ("." if names else "; there are none here."),
                did_you_mean(str(name), names),
            )
        values[name] = _value(hints[name], value, f"{place}.{name}")
    try:
        made = options(**values)
    except ValueError as error:
        raise UserError(f"{place}.{error}.") from None
    for name, sentence in violations(made):
        raise UserError(f"{place}.{name}: {sentence}.")
    return made


def _value(hint: Any, value: Any, place: str) -> Any:
    """Return a value in a field's type."""
    if isinstance(hint, types.UnionType):
        return None if value is None else _value(typing.get_args(hint)[0], value, place)
    if typing.get_origin(hint) is list:
        if not isinstance(value, list | tuple):
            raise UserError(f"{place}: expected a list, found {value!r}.")
        return [_value(typing.get_args(hint)[0], item, place) for item in value]
    if issubclass(hint, Enum):
        return _member(hint, value, place)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and number and math.isfinite(value):
        return float(value)
    if type(value) is hint and hint is not float:
        return value
    expected = {bool: "true or false", int: "a whole number", float: "a number"}[hint]
    raise UserError(f"{place}: expected {expected}, found {value!r}.")


def _member(hint: type[Enum], value: Any, place: str) -> Enum:
    words = [str(member.value) for member in hint]
    word = "none" if value is None and "none" in words else str(getattr(value, "value", value))
    if word not in words:
        raise UserError(
            f"{place}: expected {listing(words)}, found {value!r}.",
            did_you_mean(word, words, listed=True),
        )
    return hint(word)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value
