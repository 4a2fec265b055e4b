"""The preprocessor: what was learnt of every column, saved with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Column, Schema
from mlfw.components.dataset import Progress, silent
from mlfw.files import read_json, write_json
from mlfw_tabular.prepare.block import Block, blocks
from mlfw_tabular.prepare.encoder import Audience, Encoder, Output, SequenceEncoder
from mlfw_tabular.prepare.encoders import encoder_of
from mlfw_tabular.prepare.features import Features
from mlfw_tabular.prepare.feeds import feeds, input_notes, plain_feeds
from mlfw_tabular.prepare.pieces import read_column
from mlfw_tabular.threads import in_threads

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_onnx import Graph, Tensor
    from mlfw_tabular.prepare.augment import Augmentation
    from mlfw_tabular.prepare.fitting import Fitting
    from mlfw_tabular.prepare.graph import GraphFeatures
    from mlfw_tabular.prepare.images import ImageEncoder

FILE = "preprocessor.json"


@dataclass(frozen=True)
class Preprocessor:
    """Prepares the rows of a schema for estimators and networks."""

    encoders: tuple[Encoder, ...]

    @classmethod
    def fit(cls, rows: pa.Table, schema: Schema, fitting: Fitting | None = None) -> Preprocessor:
        """Learn from training rows.

        Args:
            rows: Rows that conform to the schema; with the targets, where categories are
                encoded by them.
            schema: Which columns to prepare, their kinds and options.
            fitting: How encoders are made for them; left out, `USUAL_FITTING`.

        Raises:
            UserError: An option is wrong, or an image cannot be read.
        """
        from mlfw_tabular.prepare.fitting import USUAL_FITTING
        from mlfw_tabular.prepare.target_values import TargetValues

        fitting = fitting or USUAL_FITTING
        targets = cache(lambda: TargetValues.of(rows, schema))

        def fit(column: Column) -> tuple[Encoder, ...]:
            return tuple(fitting.fit(column, rows[column.name], targets))

        columns = fitting.columns(schema)
        values = rows.num_rows * len(columns)
        return cls(tuple(chain.from_iterable(in_threads(fit, columns, values))))

    @classmethod
    def fit_transform(
        cls,
        rows: pa.Table,
        schema: Schema,
        seed: int = 0,
        *,
        network: bool = False,
        dtype: str | None = None,
        fitting: Fitting | None = None,
        progress: Progress = silent,
    ) -> tuple[Preprocessor, Features]:
        """Learn from training rows, and prepare them for a model to learn from.

        A category that is encoded by the target is so from other rows only: from those of the
        other folds.

        Args:
            rows: Rows that conform to the schema, with the targets.
            schema: Which columns to prepare, their kinds and options.
            seed: What the division into folds follows from.
            network: Whether they are for a network; see `transform`.
            dtype: Of the numbers; see `transform`.
            fitting: See `fit`.
            progress: See `transform`.
        """
        from mlfw_tabular.prepare.fitting import USUAL_FITTING
        from mlfw_tabular.prepare.target_encoding import TargetEncoder
        from mlfw_tabular.prepare.target_values import TargetValues

        fitting = fitting or USUAL_FITTING
        preprocessor = cls.fit(rows, schema, fitting)
        features = preprocessor.transform(rows, network, dtype, progress)
        if not fitting.out_of_fold:
            return preprocessor, features
        targets = cache(lambda: TargetValues.of(rows, schema))
        for encoder, place in preprocessor._places(network):
            if isinstance(encoder, TargetEncoder):
                values = rows[encoder.column].combine_chunks()
                features.numbers[:, place] = encoder.out_of_fold(values, targets(), seed)
        return preprocessor, features

    def transform(
        self,
        rows: pa.Table,
        network: bool = False,
        dtype: str | None = None,
        progress: Progress = silent,
    ) -> Features:
        """Prepare rows that conform to the schema.

        Args:
            rows: The rows.
            network: Whether they are for a network, which takes texts as tokens and images as
                pixels; for an estimator both become numbers.
            dtype: Of the numbers; left out, float32 for a network and else float64.
            progress: Told of how many rows some columns are done, of how many.
        """
        import numpy as np

        width = len(self.names(network))
        numbers = np.empty((rows.num_rows, width), dtype or ("float32" if network else "float64"))
        self._write_numbers(rows, network, numbers, progress)
        return Features(
            numbers,
            self._codes(rows),
            self._apart(rows, Output.tokens, progress) if network else {},
            self._apart(rows, Output.images, progress) if network else {},
        )

    def numbers(self, rows: pa.Table, network: bool = False) -> np.ndarray:
        """Prepare only the columns that become numbers; see `transform`.

        Returns:
            float64 [rows, numbers].
        """
        import numpy as np

        numbers = np.empty((rows.num_rows, len(self.names(network))))
        self._write_numbers(rows, network, numbers)
        return numbers

    def matrix(self, rows: pa.Table) -> np.ndarray:
        """Prepare rows for an estimator: numbers, then every category one-hot.

        Returns:
            float64 [rows, features]. A value not seen in training is 0 in all its columns.
        """
        import numpy as np

        count = len(self.number_names)
        matrix = np.zeros((rows.num_rows, count + sum(self.cardinalities) - len(self._coders)))
        self._write_numbers(rows, False, matrix[:, :count])
        _one_hot(self._codes(rows), self.cardinalities, matrix[:, count:])
        return matrix

    def joined(self, features: Features) -> np.ndarray:
        """Return prepared rows as `matrix` does, from what `fit_transform` returned."""
        import numpy as np

        count = len(self.number_names)
        width = count + sum(self.cardinalities) - len(self._coders)
        matrix = np.zeros((len(features.numbers), width))
        matrix[:, :count] = features.numbers
        _one_hot(features.codes, self.cardinalities, matrix[:, count:])
        return matrix

    def graph_matrix(self, graph: Graph) -> Tensor:
        """Add an input per column to an ONNX graph, and the steps of `matrix`.

        The inputs have the columns' names: double [rows] for numbers (NaN for missing ones),
        booleans (0, 1 or NaN, as a bool tensor cannot hold missing values) and dates (days since
        1970, or NaN), string [rows] for categories, which are looked up within the graph, float
        [rows, counts] for texts and uint8 [rows, channels, height, width] for images. `feeds` makes
        them from rows, `input_notes` describes them.

        Args:
            graph: A graph without inputs.

        Returns:
            double [rows, features].

        Raises:
            UserError: A column's name cannot stand in an ONNX graph.
        """
        from mlfw_tabular.prepare.graph import add_matrix

        return add_matrix(graph, self)

    def graph_features(self, graph: Graph) -> GraphFeatures:
        """Add an input per column to an ONNX graph, and the steps of `transform` for networks.

        See `graph_matrix`; texts are int32 [rows, length] here.
        """
        from mlfw_tabular.prepare.graph import add_features

        return add_features(graph, self)

    def feeds(self, rows: pa.Table, network: bool = False) -> dict[str, np.ndarray]:
        """Return rows as the inputs of an ONNX graph, by column.

        Args:
            rows: Rows that conform to the schema.
            network: Whether for `graph_features` rather than `graph_matrix`.
        """
        return feeds(self, rows, network)

    def plain_feeds(
        self, columns: Mapping[str, list[Any]], network: bool = False
    ) -> dict[str, np.ndarray] | None:
        """Return a few rows of plain values as `feeds` does; see `Encoder.plain_feed`.

        Args:
            columns: The values of each column.
            network: See `feeds`.
        """
        return plain_feeds(self, columns, network)

    def input_notes(self, network: bool = False) -> dict[str, dict[str, Any]]:
        """Return the descriptions of the inputs of an ONNX graph, by column.

        Args:
            network: See `feeds`.
        """
        return input_notes(self, network)

    def chosen(self, network: bool = False) -> tuple[Encoder, ...]:
        """Return the encoders for networks or for estimators, one a column."""
        other = Audience.estimators if network else Audience.networks
        return tuple(encoder for encoder in self.encoders if encoder.audience is not other)

    def blocks(self, network: bool = False) -> tuple[Block, ...]:
        """Return the columns that become numbers, those of one step together."""
        return self._network_blocks if network else self._estimator_blocks

    @cached_property
    def _estimator_blocks(self) -> tuple[Block, ...]:
        return blocks(e for e in self.chosen(False) if e.output is Output.numbers)

    @cached_property
    def _network_blocks(self) -> tuple[Block, ...]:
        return blocks(e for e in self.chosen(True) if e.output is Output.numbers)

    def names(self, network: bool = False) -> tuple[str, ...]:
        """Return what the columns of `Features.numbers` are."""
        return tuple(name for block in self.blocks(network) for name in block.features)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """What the columns of `Features.numbers` are, for estimators."""
        return self.names()

    @cached_property
    def code_names(self) -> tuple[str, ...]:
        """What the columns of `Features.codes` are."""
        return tuple(encoder.column for encoder in self._coders)

    @cached_property
    def cardinalities(self) -> tuple[int, ...]:
        """How many codes each column of `Features.codes` has, the unknown one included."""
        return tuple(encoder.cardinality for encoder in self._coders)

    @cached_property
    def texts(self) -> dict[str, SequenceEncoder]:
        """What makes each array of `Features.tokens`."""
        return {e.column: e for e in self.encoders if isinstance(e, SequenceEncoder)}

    @cached_property
    def images(self) -> dict[str, ImageEncoder]:
        """What makes each array of `Features.images`: `shape`, `mean` and `deviation`."""
        found = [encoder for encoder in self.encoders if encoder.output is Output.images]
        if not found:
            return {}
        from mlfw_tabular.prepare.images import ImageEncoder

        return {encoder.column: encoder for encoder in found if isinstance(encoder, ImageEncoder)}

    @cached_property
    def augmentations(self) -> dict[str, Augmentation]:
        """How the training images of each array of `Features.images` are to be varied."""
        from mlfw_tabular.prepare.augment import Augmentation

        return {
            name: Augmentation(**encoder.augmentation)
            for name, encoder in self.images.items()
            if encoder.augmentation
        }

    @cached_property
    def _coders(self) -> tuple[Encoder, ...]:
        return tuple(encoder for encoder in self.encoders if encoder.output is Output.codes)

    def _places(self, network: bool) -> list[tuple[Encoder, slice]]:
        """Return where the numbers of each encoder stand."""
        places, start = [], 0
        for block in self.blocks(network):
            for encoder in block.encoders:
                stop = start + len(encoder.features)
                places.append((encoder, slice(start, stop)))
                start = stop
        return places

    def _write_numbers(
        self, rows: pa.Table, network: bool, out: np.ndarray, progress: Progress = silent
    ) -> None:
        start = 0
        for block in self.blocks(network):
            stop = start + len(block.features)
            block.write(rows, out[:, start:stop], progress)
            start = stop

    def _codes(self, rows: pa.Table) -> np.ndarray:
        import numpy as np

        codes = np.empty((rows.num_rows, len(self._coders)), np.int32)
        for place, encoder in enumerate(self._coders):
            start = 0
            for chunk in rows[encoder.column].chunks:
                codes[start : start + len(chunk), place] = encoder.read(chunk)
                start += len(chunk)
        return codes

    def _apart(self, rows: pa.Table, output: Output, progress: Progress) -> dict[str, np.ndarray]:
        return {
            encoder.column: read_column(encoder, rows[encoder.column], progress)
            for encoder in self.chosen(True)
            if encoder.output is output
        }

    def save(self, folder: Path) -> None:
        """Write the preprocessor as JSON into a folder."""
        write_json(folder / FILE, [encoder.to_json() for encoder in self.encoders])

    @classmethod
    def load(cls, folder: Path) -> Preprocessor:
        """Read what `save` wrote."""
        return cls(tuple(_encoder(data) for data in read_json(folder / FILE)))


def _encoder(data: Mapping[str, Any]) -> Encoder:
    values = {name: _tuples(value) for name, value in data.items()}
    name = values.pop("encoder")
    return encoder_of(name)(**values)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _one_hot(codes: np.ndarray, cardinalities: tuple[int, ...], out: np.ndarray) -> None:
    """Mark the known categories in zeros, float [rows, known categories of all columns]."""
    import numpy as np

    first = 0
    for place, cardinality in enumerate(cardinalities):
        rows = np.flatnonzero(codes[:, place])
        out[rows, first + codes[rows, place] - 1] = 1.0
        first += cardinality - 1
