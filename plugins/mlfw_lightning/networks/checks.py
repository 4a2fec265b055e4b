"""Checks that several models share."""

from __future__ import annotations

from mlfw import Kind, Schema, UserError

OTHERS = {Kind.image: "cnn", Kind.text: "transformer"}


def check_heads(width: int, heads: int) -> None:
    """Check that attention heads can share the numbers of a token.

    Raises:
        UserError: They cannot.
    """
    if width % heads:
        lower, upper = width // heads * heads, -(-width // heads) * heads
        nearest = upper if upper - width <= width - lower or not lower else lower
        raise UserError(
            f"model.width={width}: expected a multiple of model.heads={heads}.",
            f"Set model.width={nearest}, or other heads.",
        )


def check_has(schema: Schema, kind: Kind) -> None:
    """Check that a table has a column of the kind that a model is made for.

    Raises:
        UserError: It has none.
    """
    kinds = {column.kind for column in schema.columns}
    if kind in kinds:
        return
    better = [f"model={name}" for other, name in OTHERS.items() if other in kinds]
    raise UserError(
        f"model={OTHERS[kind]}: is made for {kind} columns, and the data have none.",
        f"Choose {better[0] if better else 'model=mlp, resnet or ft_transformer'}; or set "
        f"dataset.columns.NAME={kind}, if a column is one.",
    )
