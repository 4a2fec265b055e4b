"""SQL expressions, and Python's values as SQL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlfw import MlfwError

DOUBLE = "DOUBLE PRECISION"


class NoSqlError(MlfwError):
    """A part of a model has no form in SQL."""


class Type(StrEnum):
    """The type of an expression."""

    number = "number"
    integer = "integer"
    boolean = "boolean"
    text = "text"


@dataclass(frozen=True, eq=False)
class Expr:
    """A SQL expression.

    A missing value is NULL. An expression of type boolean is never NULL.

    Attributes:
        sql: Its text, which can stand as an operand.
        type: Its type.
        columns: The columns that it refers to.
        missing: The model's inputs because of which it may be NULL.
        known: For a boolean, the inputs that are not missing where it holds.
        values: All values that it may have, ascending, if they are few whole numbers.
        indicator: An integer column and a number: it is 1 where they are equal and else 0.
        least: For the larger one of an expression and a number, the two of them.
        single: Whether it stands for its value rounded to single precision.
    """

    sql: str
    type: Type = Type.number
    columns: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    values: tuple[int, ...] | None = None
    indicator: tuple[str, int] | None = None
    least: tuple[Expr, float] | None = None
    single: bool = False

    @property
    def atomic(self) -> bool:
        """Whether it is just a column."""
        return self.sql in self.columns


def joined(sql: str, *operands: Any, kind: Type = Type.number, **more: Any) -> Expr:
    """Return an expression made of others.

    Args:
        sql: Its text.
        operands: What it is made of: expressions and values.
        kind: Its type.
        more: Further attributes.

    Raises:
        NoSqlError: An operand is in single precision.
    """
    made = [each for each in operands if isinstance(each, Expr)]
    if any(each.single for each in made):
        raise NoSqlError("arithmetic in single precision")
    columns = frozenset[str]().union(*(each.columns for each in made))
    if kind is not Type.boolean:
        more.setdefault("missing", frozenset[str]().union(*(each.missing for each in made)))
    return Expr(sql, kind, columns, **more)


def text_of(value: Any) -> str:
    """Return an expression's text, or a value as a literal."""
    return value.sql if isinstance(value, Expr) else literal(value)


def literal(value: Any) -> str:
    """Return a boolean, a whole number, a number or a string as SQL.

    Raises:
        NoSqlError: It is infinite, NaN or a string with a null character.
    """
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        if "\0" in value:
            raise NoSqlError("a null character in a text")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise NoSqlError(f"the number {value}")
    written = repr(float(value)).removesuffix(".0")
    return written if "e" in written else f"{written}e0"


def double(value: Any) -> str:
    """Return a number whose type is double in every database."""
    return f"CAST({text_of(value)} AS {DOUBLE})"


def identifier(name: str) -> str:
    """Return a name in quotes."""
    if "\0" in name:
        raise NoSqlError("a null character in a name")
    return '"' + name.replace('"', '""') + '"'
