"""What operators do with single elements: SQL expressions, or values where these are constant."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlfw_sql.select.expressions import (
    DOUBLE,
    Expr,
    NoSqlError,
    Type,
    double,
    joined,
    literal,
    text_of,
)
from mlfw_sql.select.steps import Steps

if TYPE_CHECKING:
    import numpy as np

Element = Callable[..., Any]
LEAST_EXPONENT = -700.0  # below, PostgreSQL reports an underflow
AT_ONCE = 4  # values of which the largest one is found in one expression


def cast(value: Any, wanted: np.dtype[Any]) -> Any:
    """Return a value as another type; single precision is only noted."""
    if not isinstance(value, Expr):
        return wanted.type(value)
    if wanted == "float32":
        return replace(value, single=True)
    if wanted.kind == "f" and value.type is Type.boolean:
        return replace(_choice(value, 1.0, 0.0), indicator=value.indicator)
    if wanted.kind == "f" and value.type is Type.integer:
        return joined(f"CAST({value.sql} AS {DOUBLE})", value)
    if wanted.kind == "i" and value.type is Type.boolean:
        return _choice(value, 1, 0)
    kinds = {Type.number: "f", Type.integer: "iu", Type.boolean: "b", Type.text: "O"}
    if wanted.kind not in kinds[value.type]:
        raise NoSqlError(f"a {value.type} as {wanted}")
    return value


def _choice(condition: Any, yes: Any, no: Any) -> Expr | Any:
    """Return one value where a condition holds and another one elsewhere."""
    if not isinstance(condition, Expr):
        return yes if condition else no
    numbers = not any(isinstance(each, Expr) for each in (yes, no))
    first = double(yes) if numbers and isinstance(yes, float) else text_of(yes)
    made = joined(
        f"CASE WHEN {condition.sql} THEN {first} ELSE {text_of(no)} END",
        condition,
        yes,
        no,
        kind=_type(yes, no),
        missing=_missing(yes) - condition.known | _missing(no),
    )
    possible = {*_values(yes), *_values(no)} if made.type is Type.integer else set()
    complete = bool(possible) and bool(_values(yes)) and bool(_values(no))
    return replace(made, values=tuple(sorted(possible)) if complete else None)


def _type(*values: Any) -> Type:
    import numpy as np

    for value in values:
        if isinstance(value, Expr):
            return value.type
    kind = np.asarray(values[0]).dtype.kind
    return {"f": Type.number, "i": Type.integer, "b": Type.boolean}.get(kind, Type.text)


def _missing(value: Any) -> frozenset[str]:
    return value.missing if isinstance(value, Expr) else frozenset()


def _values(value: Any) -> tuple[int, ...]:
    """Return the whole numbers that a value may be, where they are known."""
    if isinstance(value, Expr):
        return value.values or ()
    return (int(value),)


def _where(steps: Steps, condition: Any, yes: Any, no: Any) -> Any:  # noqa: ARG001
    if not isinstance(condition, Expr):
        return yes if condition else no
    if not isinstance(yes, Expr) and not isinstance(no, Expr):
        yes, no = (each.item() if hasattr(each, "item") else each for each in (yes, no))
    return _choice(condition, yes, no)


def _arithmetic(sign: str, neutral: float | None) -> Element:
    """Return an element-wise operator of two numbers."""

    def run(steps: Steps, x: Any, y: Any) -> Any:  # noqa: ARG001
        if neutral is not None and not isinstance(y, Expr) and y == neutral:
            return x
        if neutral is not None and sign in "+*" and not isinstance(x, Expr) and x == neutral:
            return y
        kind = _type(x, y)
        made = joined(f"({text_of(x)} {sign} {text_of(y)})", x, y, kind=kind)
        if kind is Type.integer and sign == "+" and _values(x) and _values(y):
            sums = {a + b for a in _values(x) for b in _values(y)}
            made = replace(made, values=tuple(sorted(sums)))
        return made

    return run


def _comparison(sign: str) -> Element:
    """Return a comparison, which does not hold for missing values."""

    def run(steps: Steps, x: Any, y: Any) -> Any:  # noqa: ARG001
        for own, other in ((x, y), (y, x)):
            if isinstance(own, Expr) and not isinstance(other, Expr) and not _finite(other):
                below = bool(other > 0 if own is x else other < 0)
                return _given(own) if (sign[0] == "<") is below and sign != "=" else False
        if isinstance(x, Expr) and isinstance(y, Expr) and x.sql == y.sql:
            return _given(x) if "=" in sign else False
        sql = f"({text_of(x)} {sign} {text_of(y)})"
        missing = _missing(x) | _missing(y)
        made = joined(f"COALESCE({sql}, FALSE)" if missing else sql, x, y, kind=Type.boolean)
        indicator = None
        if sign == "=" and isinstance(x, Expr) and x.type is Type.integer and x.atomic:
            indicator = None if isinstance(y, Expr) else (x.sql, int(y))
        return replace(made, known=missing, indicator=indicator)

    return run


def _finite(value: Any) -> bool:
    return isinstance(value, str) or math.isfinite(value)


def _given(value: Expr) -> Any:
    """Return whether a value is not missing."""
    if not value.missing:
        return True
    sql = f"({value.sql} IS NOT NULL)"
    return joined(sql, value, kind=Type.boolean, known=value.missing)


def _logic(word: str, absorbing: bool) -> Element:
    """Return AND or OR."""

    def run(steps: Steps, x: Any, y: Any) -> Any:  # noqa: ARG001
        for own, other in ((x, y), (y, x)):
            if not isinstance(own, Expr):
                return own if bool(own) is absorbing else other
        known = x.known | y.known if word == "AND" else x.known & y.known
        sql = f"({x.sql} {word} {y.sql})"
        return joined(sql, x, y, kind=Type.boolean, known=known)

    return run


def _not(steps: Steps, x: Expr) -> Expr:  # noqa: ARG001
    return joined(f"(NOT {x.sql})", x, kind=Type.boolean)


def _function(form: str) -> Element:
    """Return a function of one number whose text mentions it once."""
    return lambda steps, x: joined(form.format(x.sql), x)  # noqa: ARG005


def _exp(steps: Steps, x: Expr) -> Expr:
    own = steps.column(x)
    least = literal(LEAST_EXPONENT)
    return joined(f"CASE WHEN {own.sql} < {least} THEN 0e0 ELSE exp({own.sql}) END", own)


def _sign(steps: Steps, x: Expr) -> Expr:
    own = steps.column(x)
    sql = f"CASE WHEN {own.sql} > 0e0 THEN 1e0 WHEN {own.sql} < 0e0 THEN -1e0 ELSE 0e0 END"
    return joined(f"CAST({sql} AS {DOUBLE})", own)


def _power(steps: Steps, x: Any, y: Any) -> Expr:  # noqa: ARG001
    return joined(f"power({text_of(x)}, {text_of(y)})", x, y)


def _maximum(steps: Steps, x: Any, y: Any) -> Any:
    """Return the larger value; a number as the other one is remembered for `_minimum`."""
    if not isinstance(x, Expr):
        x, y = y, x
    own = steps.column(x)
    if isinstance(y, Expr):
        return _larger([own, steps.column(y)])
    made = joined(f"CASE WHEN {own.sql} < {literal(y)} THEN {literal(y)} ELSE {own.sql} END", own)
    return replace(made, least=(own, float(y)))


def _minimum(steps: Steps, x: Any, y: Any) -> Any:
    if not isinstance(x, Expr):
        x, y = y, x
    if x.least and not isinstance(y, Expr) and x.least[1] <= y:
        own, least = x.least
        low = f"WHEN {own.sql} < {literal(least)} THEN {literal(least)} "
    else:
        own, low = steps.column(x), ""
    most = steps.column(y) if isinstance(y, Expr) else y
    high = f"WHEN {own.sql} > {text_of(most)} THEN {text_of(most)} "
    return joined(f"CASE {low}{high}ELSE {own.sql} END", own, most)


def _larger(values: Sequence[Any]) -> Expr:
    """Return the largest of a few columns and numbers."""
    texts = [text_of(each) for each in values]
    whens = []
    for place, own in enumerate(texts[:-1]):
        rest = " AND ".join(f"{own} >= {other}" for other in texts[place + 1 :])
        whens.append(f"WHEN {rest} THEN {own}")
    return joined(f"CASE {' '.join(whens)} ELSE {texts[-1]} END", *values)


def largest(values: Sequence[Any], steps: Steps) -> Any:
    """Return the largest of columns and numbers."""
    while len(values) > 1:
        some = [values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE)]
        values = [steps.column(_larger(e)) if len(e) > 1 else e[0] for e in some]
    return values[0]


def first_of(values: Sequence[Any], steps: Steps) -> Expr:
    """Return the place of the largest of columns and numbers, the first one of equals."""
    most = largest(values, steps)
    *before, _ = values
    whens = [f"WHEN {text_of(v)} = {text_of(most)} THEN {at}" for at, v in enumerate(before)]
    if not before:
        return Expr("0", Type.integer, values=(0,))
    sql = f"CASE {' '.join(whens)} ELSE {len(before)} END"
    return joined(sql, most, *values, kind=Type.integer, values=tuple(range(len(values))))


def looked_up(index: Any, table: np.ndarray) -> Any:
    """Return the value of a table at an index.

    Args:
        index: An integer column with few values, or a number.
        table: Values, [values].
    """
    if not isinstance(index, Expr):
        return table[index]
    possible = index.values
    if possible is None:
        raise NoSqlError("a look-up by any number")
    found = [table[at] for at in possible]
    if all(each == found[0] for each in found):
        return found[0]
    kind = _type(found[0])
    first = double if kind is Type.number else literal
    texts = [first(found[0]), *map(literal, found[1:])]
    pairs = zip(possible[:-1], texts[:-1], strict=True)
    whens = " ".join(f"WHEN {at} THEN {text}" for at, text in pairs)
    values = tuple(sorted({int(each) for each in found})) if kind is Type.integer else None
    sql = f"CASE {index.sql} {whens} ELSE {texts[-1]} END"
    return joined(sql, index, kind=kind, values=values)


def code_of(text: Any, keys: Sequence[str], codes: Sequence[int], default: int) -> Any:
    """Return the code of a text, and `default` for any other one."""
    if not isinstance(text, Expr):
        return dict(zip(keys, codes, strict=True)).get(text, default)
    pairs = [
        f"WHEN {literal(key)} THEN {code}"
        for key, code in zip(keys, codes, strict=True)
        if "\0" not in key  # which no text of a database holds
    ]
    if not pairs:
        return default
    sql = f"CASE {text.sql} {' '.join(pairs)} ELSE {default} END"
    values = tuple(sorted({default, *codes}))
    return joined(sql, text, kind=Type.integer, missing=frozenset(), values=values)


def weighted(features: Sequence[Any], weights: np.ndarray) -> Iterator[Any]:
    """Yield the terms of a weighted sum; the indicators of a column are one term."""
    by_column: dict[str, list[tuple[Expr, int, float]]] = {}
    for feature, weight in zip(features, weights.tolist(), strict=True):
        if not isinstance(feature, Expr):
            yield feature * weight
        elif weight and feature.indicator:
            column, number = feature.indicator
            by_column.setdefault(column, []).append((feature, number, weight))
        elif weight:
            yield joined(f"{feature.sql} * {literal(weight)}", feature)
    for column, terms in by_column.items():
        (first, number, weight), *others = terms
        whens = [f"WHEN {number} THEN {double(weight)}"]
        whens += [f"WHEN {other} THEN {literal(own)}" for _, other, own in others]
        yield joined(f"CASE {column} {' '.join(whens)} ELSE 0e0 END", first)


ELEMENTWISE: dict[str, tuple[str, Element]] = {
    "Add": ("add", _arithmetic("+", 0.0)),
    "Sub": ("subtract", _arithmetic("-", 0.0)),
    "Mul": ("multiply", _arithmetic("*", 1.0)),
    "Div": ("divide", _arithmetic("/", 1.0)),
    "Neg": ("negative", _function("(- {})")),
    "Abs": ("abs", _function("abs({})")),
    "Floor": ("floor", _function("floor({})")),
    "Sqrt": ("sqrt", _function("sqrt({})")),
    "Log": ("log", _function("ln({})")),
    "Sin": ("sin", _function("sin({})")),
    "Cos": ("cos", _function("cos({})")),
    "Exp": ("exp", _exp),
    "Sign": ("sign", _sign),
    "Pow": ("power", _power),
    "Max": ("maximum", _maximum),
    "Min": ("minimum", _minimum),
    "Where": ("where", _where),
    "Less": ("less", _comparison("<")),
    "LessOrEqual": ("less_equal", _comparison("<=")),
    "Greater": ("greater", _comparison(">")),
    "GreaterOrEqual": ("greater_equal", _comparison(">=")),
    "Equal": ("equal", _comparison("=")),
    "And": ("logical_and", _logic("AND", False)),
    "Or": ("logical_or", _logic("OR", True)),
    "Not": ("logical_not", _not),
}
