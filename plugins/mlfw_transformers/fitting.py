"""How columns are prepared for a pretrained encoder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Column, Kind, Schema, UserError
from mlfw.errors import listing
from mlfw.files import digest
from mlfw_tabular.prepare.encoder import Encoder
from mlfw_tabular.prepare.fitting import Fitting
from mlfw_tabular.prepare.options import column_options
from mlfw_tabular.prepare.words import sample
from mlfw_transformers.bare import reads
from mlfw_transformers.images import ProcessedImageEncoder
from mlfw_transformers.processor import Processor, read_processor
from mlfw_transformers.settings import CONFIG, read_settings
from mlfw_transformers.source import TOKENIZER
from mlfw_transformers.tokenizer import TokenizerEncoder

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular.prepare.fitting import Targets

SAMPLE_ROWS = 10_000


def fitting_for(folder: Path) -> Fitting:
    """Return how columns are prepared for the encoder of a folder.

    Raises:
        UserError: It cannot be used; see `read_settings`, `reads` and `Processor`.
    """
    settings = read_settings(folder / CONFIG)
    if reads(settings) is Kind.image:
        processor = Processor(read_processor(folder, settings), settings.get("num_channels", 3))
        return Processed(processor, settings, digest([processor.data, settings]))
    tokenizer = (folder / TOKENIZER).read_text(encoding="utf-8")
    return Tokenized(tokenizer, settings, digest([tokenizer, settings]))


@dataclass(frozen=True)
class Tokenized(Fitting):
    """Texts cut by an encoder's own tokenizer, all other columns in the usual way."""

    tokenizer: str
    settings: dict[str, Any]
    key: str

    def columns(self, schema: Schema) -> tuple[Column, ...]:
        """Return the columns as they are.

        Raises:
            UserError: None of them is a text.
        """
        return _with(Kind.text, schema)

    def fit(self, column: Column, values: pa.ChunkedArray, targets: Targets) -> Iterable[Encoder]:
        """Return the encoders of a column."""
        if column.kind is not Kind.text:
            return super().fit(column, values, targets)
        length = column_options(column).length
        texts = sample(values, SAMPLE_ROWS)
        return [TokenizerEncoder.fit(column, texts, self.tokenizer, self.settings, length)]


@dataclass(frozen=True)
class Processed(Fitting):
    """Images resized by an encoder's own image processor, all other columns in the usual way."""

    processor: Processor
    settings: dict[str, Any]
    key: str

    def columns(self, schema: Schema) -> tuple[Column, ...]:
        """Return the columns as they are.

        Raises:
            UserError: None of them is an image.
        """
        return _with(Kind.image, schema)

    def fit(self, column: Column, values: pa.ChunkedArray, targets: Targets) -> Iterable[Encoder]:
        """Return the encoders of a column."""
        if column.kind is not Kind.image:
            return super().fit(column, values, targets)
        return [ProcessedImageEncoder.of(column, self.processor, self.settings)]


def _with(kind: Kind, schema: Schema) -> tuple[Column, ...]:
    """Return a schema's columns, once it is sure that one is of a kind."""
    if not any(column.kind is kind for column in schema.columns):
        raise UserError(
            f"model=pretrained: the encoder reads {kind}s, and the columns are "
            f"{listing(schema.names)}, none of them {'an' if kind is Kind.image else 'a'} {kind}.",
            f"If one is, say so: dataset.columns.NAME={kind}. Else choose another model.",
        )
    return schema.columns
