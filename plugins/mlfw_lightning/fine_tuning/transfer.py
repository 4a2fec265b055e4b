"""Starting from another run's saved model: its preparation of columns, and its weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from torch import nn

import mlfw
from mlfw import Column, Kind, Schema, UserError
from mlfw.errors import listing
from mlfw.files import digest
from mlfw.hints import dotted, override
from mlfw_lightning.fine_tuning.blocks import head_of
from mlfw_lightning.fine_tuning.options import HEAD
from mlfw_lightning.portable import native
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_tabular import Augmentation, Encoder, Fitting, ImageEncoder, Output, column_options

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular import Targets

KEY = "model.init_from"


@dataclass(frozen=True)
class Transferred(Fitting):
    """Columns prepared as they were for another run's network.

    Its weights expect just these vocabularies and scales, in this order; none are learnt anew.
    Only how training images are varied follows the new run.
    """

    out_of_fold: ClassVar[bool] = False

    folder: str
    schema: Schema
    encoders: tuple[Encoder, ...]
    key: str

    @classmethod
    def of(cls, folder: str) -> Transferred:
        """Return the preparation of a saved model.

        Raises:
            UserError: There is none, it is damaged, or it holds no network.
        """
        source = _source(folder)
        encoders = source.preprocessor.encoders
        key = digest([encoder.to_json() for encoder in encoders])
        return cls(folder, source.schema, encoders, key)

    def columns(self, schema: Schema) -> tuple[Column, ...]:
        """Return the columns in the saved model's order.

        Raises:
            UserError: They are not the same; the message names those that differ.
        """
        _check_columns(self.folder, self.schema, schema)
        return tuple(schema.column(name) for name in self.schema.names)

    def fit(
        self,
        column: Column,
        values: pa.ChunkedArray,  # noqa: ARG002 - nothing is learnt from them
        targets: Targets,  # noqa: ARG002
    ) -> Iterable[Encoder]:
        """Return the encoders that the saved model has for a column."""
        own = [encoder for encoder in self.encoders if encoder.column == column.name]
        if column.kind is not Kind.image:
            return own
        varied = column_options(column).chosen()
        return [
            dataclasses.replace(encoder, augmentation=varied)
            if isinstance(encoder, ImageEncoder) and encoder.output is Output.images
            else encoder
            for encoder in own
        ]


def load_weights(network: nn.Module, folder: str) -> list[str]:
    """Give a network the weights of a saved model, by name, where shapes fit; the head stays.

    Args:
        network: A fresh network; changed in place.
        folder: The saved model.

    Returns:
        A sentence where some weights did not fit.

    Raises:
        UserError: There is no saved model, it is damaged, it holds no network, none of its
            weights fits, or the network here has no head that is apart.
    """
    head_of(network)
    given = _source(folder).network.state_dict()
    own = {k: value for k, value in network.state_dict().items() if k.split(".")[0] != HEAD}
    fitting = {
        name: given[name]
        for name, value in own.items()
        if name in given and given[name].shape == value.shape
    }
    if own and not fitting:
        raise UserError(
            f"{KEY}: {folder}: none of its weights has the name and the shape of one here.",
            "Choose the same model with the same options; see its manifest.json.",
        )
    network.load_state_dict(fitting, strict=False)
    fresh = sorted(own.keys() - fitting.keys())
    if not fresh:
        return []
    return [
        f"{KEY}: {len(fresh)} of {len(own)} weights do not fit and start anew: {listing(fresh)}"
    ]


def _source(folder: str) -> NetworkPredictor:
    try:
        saved = native(mlfw.load(Path(folder)))
    except UserError as error:
        raise UserError(f"{KEY}: {error.problem}", error.remedy) from None
    if not isinstance(saved.predictor, NetworkPredictor):
        raise UserError(
            f"{KEY}: {folder}: holds model={saved.use}, which is no network.",
            "Name a run of a network, such as model=mlp.",
        )
    return saved.predictor


def _check_columns(folder: str, there: Schema, here: Schema) -> None:
    """Check that a schema has the columns of another, of the same kinds, prepared the same way.

    Raises:
        UserError: It has not; the message names those that differ, and what to do about each.
    """
    before = {column.name: column for column in there.columns}
    now = {column.name: column for column in here.columns}
    problems, remedies = list[str](), list[str]()
    if missing := before.keys() - now.keys():
        problems.append(f"it takes {listing(sorted(missing))}, not in the data here")
        remedies.append("Use data with these columns, or train without them first.")
    if added := now.keys() - before.keys():
        problems.append(f"it does not take {listing(sorted(added))}")
        remedies.append(
            f"Leave out what it does not take: {override('dataset.drop', sorted(added))}"
        )
    for name in before.keys() & now.keys():
        if before[name].kind is not now[name].kind:
            problems.append(f"'{name}' is {before[name].kind} there and {now[name].kind} here")
            remedies.append(f"Set {override('dataset.columns', str(before[name].kind), name=name)}")
        elif _prepared(before[name]) != _prepared(now[name]):
            problems.append(f"'{name}' is prepared otherwise there")
            remedies.append(f"Leave out {dotted('dataset.prepare', name)}")
    if problems:
        raise UserError(f"{KEY}: {folder}: {'; '.join(problems)}.", " ".join(remedies))


def _prepared(column: Column) -> Mapping[str, object]:
    """Return a column's options of preparing, without those that only vary training images."""
    varying = {field.name for field in dataclasses.fields(Augmentation)}
    return {name: value for name, value in column.prepare.items() if name not in varying}
