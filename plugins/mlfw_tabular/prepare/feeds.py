"""Rows as the inputs of the ONNX graph that a preprocessor begins with; see `graph`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlfw.schema.cast import CastError
from mlfw.schema.whole import whole
from mlfw_tabular.prepare.encoder import Encoder
from mlfw_tabular.prepare.pieces import misfit_error

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.prepare.preprocessor import Preprocessor


def feeds(preprocessor: Preprocessor, rows: pa.Table, network: bool) -> dict[str, np.ndarray]:
    """Return rows as the inputs of `add_matrix` or `add_features`, by column.

    Args:
        preprocessor: A fitted preprocessor.
        rows: Rows that conform to the schema.
        network: Whether for `add_features` rather than `add_matrix`.

    Raises:
        UserError: An image cannot be read.
    """
    return {each.column: _fed(each, rows) for each in preprocessor.chosen(network)}


def plain_feeds(
    preprocessor: Preprocessor, columns: Mapping[str, list[Any]], network: bool
) -> dict[str, np.ndarray] | None:
    """Return a few rows of plain values as `feeds` does, or None if one column has no such form.

    Args:
        preprocessor: A fitted preprocessor.
        columns: The values of each column; see `Encoder.plain_feed`.
        network: Whether for `add_features` rather than `add_matrix`.
    """
    made = {}
    for each in preprocessor.chosen(network):
        fed = each.plain_feed(columns[each.column])
        if fed is None:
            return None
        made[each.column] = fed
    return made


def input_notes(preprocessor: Preprocessor, network: bool) -> dict[str, dict[str, Any]]:
    """Return the descriptions of the inputs, by column; see `Encoder.input_notes`."""
    return {encoder.column: encoder.input_notes() for encoder in preprocessor.chosen(network)}


def _fed(encoder: Encoder, rows: pa.Table) -> np.ndarray:
    try:
        return encoder.feed(whole(rows[encoder.column]))
    except CastError as misfit:
        raise misfit_error(encoder.column, misfit.row, misfit) from None
