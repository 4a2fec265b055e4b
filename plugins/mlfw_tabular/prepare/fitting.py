"""From a column of training rows to its encoders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, Kind, Schema
from mlfw_tabular.prepare.booleans import BooleanEncoder
from mlfw_tabular.prepare.categories import CategoryEncoder, CategoryEncoding
from mlfw_tabular.prepare.datetimes import DatetimeEncoder
from mlfw_tabular.prepare.encoder import Encoder
from mlfw_tabular.prepare.images import fit_image
from mlfw_tabular.prepare.numbers import NumberEncoder
from mlfw_tabular.prepare.options import column_options
from mlfw_tabular.prepare.target_encoding import TargetEncoder
from mlfw_tabular.prepare.target_values import TargetValues
from mlfw_tabular.prepare.texts import HashEncoder, TextEncoding, TfidfEncoder
from mlfw_tabular.prepare.tokens import TokenEncoder
from mlfw_tabular.prepare.words import sample_values, words_of

if TYPE_CHECKING:
    import pyarrow as pa

Targets = Callable[[], TargetValues]


def fit_column(column: Column, values: pa.ChunkedArray, targets: Targets) -> Iterable[Encoder]:
    """Return the encoders of a column: one, or one for networks and one for estimators.

    Args:
        column: What it is, and how it is to be prepared.
        values: Its training values in storage type, [rows].
        targets: Reads the targets of the same rows.
    """
    options: Any = column_options(column)
    if column.kind is Kind.image:
        return fit_image(column, values, options)
    if column.kind is Kind.text:
        words = words_of(sample_values(values))
        if options.encode is TextEncoding.hash:
            return HashEncoder.fit(column, options), TokenEncoder.fit(column, words, options)
        return TfidfEncoder.fit(column, words, options), TokenEncoder.fit(column, words, options)
    whole = values.combine_chunks()
    if column.kind is Kind.boolean:
        return (BooleanEncoder.fit(column),)
    if column.kind is Kind.datetime:
        return (DatetimeEncoder.fit(column, whole, options),)
    if column.kind is Kind.number:
        return (NumberEncoder.fit(column, whole, options),)
    if options.encode is CategoryEncoding.target:
        return (TargetEncoder.fit(column, whole, targets(), options),)
    return (CategoryEncoder.fit(column, whole, options),)


class Fitting:
    """How encoders are made for the columns of a schema: by kind and options, from training rows.

    A model that prepares columns in a way of its own brings a subclass.

    Attributes:
        key: What a way of its own follows from, as a short text.
        out_of_fold: Whether a category that is encoded by the target is, for training, encoded
            from other rows.
    """

    key: str = ""
    out_of_fold: ClassVar[bool] = True

    def columns(self, schema: Schema) -> tuple[Column, ...]:
        """Return the columns to prepare, in the order in which they are laid out.

        Raises:
            UserError: The columns are not those that the model can take.
        """
        return schema.columns

    def fit(self, column: Column, values: pa.ChunkedArray, targets: Targets) -> Iterable[Encoder]:
        """Return the encoders of a column; see `fit_column`."""
        return fit_column(column, values, targets)


USUAL_FITTING = Fitting()
