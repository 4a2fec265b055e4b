"""How columns are prepared for a pretrained encoder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, Kind, Schema, UserError
from mlfw.errors import listing
from mlfw.files import digest
from mlfw_tabular import Encoder, Fitting, column_options, sample_values
from mlfw_transformers.bare import reads
from mlfw_transformers.images import ProcessedImageEncoder
from mlfw_transformers.processor import Processor, read_processor
from mlfw_transformers.settings import CONFIG, read_settings
from mlfw_transformers.source import TOKENIZER
from mlfw_transformers.tokenizer import TokenizerEncoder

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular import Targets

SAMPLE_ROWS = 10_000


def fitting_for(folder: Path) -> Fitting:
    """Return how columns are prepared for the encoder of a folder.

    Raises:
        UserError: It cannot be used; see `read_settings`, `reads` and `Processor`.
    """
    settings = read_settings(folder / CONFIG)
    if reads(settings) is Kind.image:
        processor = Processor(read_processor(folder, settings), settings.get("num_channels", 3))
        key = digest([processor.data, settings])
        return Processed(key=key, settings=settings, processor=processor)
    tokenizer = (folder / TOKENIZER).read_text(encoding="utf-8")
    key = digest([tokenizer, settings])
    return Tokenized(key=key, settings=settings, tokenizer=tokenizer)


@dataclass(frozen=True, kw_only=True)
class _ByEncoder(Fitting):
    """Columns of one kind prepared as the encoder wants them, all others in the usual way."""

    kind: ClassVar[Kind]

    key: str
    settings: dict[str, Any]

    def columns(self, schema: Schema) -> tuple[Column, ...]:
        """Return the columns as they are.

        Raises:
            UserError: None of them is of the kind that the encoder reads.
        """
        return _with(self.kind, schema)

    def fit(self, column: Column, values: pa.ChunkedArray, targets: Targets) -> Iterable[Encoder]:
        """Return the encoders of a column."""
        if column.kind is self.kind:
            return [self.own(column, values)]
        return super().fit(column, values, targets)

    @abstractmethod
    def own(self, column: Column, values: pa.ChunkedArray) -> Encoder:
        """Return the encoder of a column of the kind."""


@dataclass(frozen=True, kw_only=True)
class Tokenized(_ByEncoder):
    """Texts cut by an encoder's own tokenizer."""

    kind = Kind.text

    tokenizer: str

    def own(self, column: Column, values: pa.ChunkedArray) -> Encoder:
        """Return the encoder of a text."""
        length = column_options(column).length
        texts = sample_values(values, SAMPLE_ROWS)
        return TokenizerEncoder.fit(column, texts, self.tokenizer, self.settings, length)


@dataclass(frozen=True, kw_only=True)
class Processed(_ByEncoder):
    """Images resized by an encoder's own image processor."""

    kind = Kind.image

    processor: Processor

    def own(self, column: Column, values: pa.ChunkedArray) -> Encoder:  # noqa: ARG002
        """Return the encoder of an image."""
        return ProcessedImageEncoder.of(column, self.processor, self.settings)


def _with(kind: Kind, schema: Schema) -> tuple[Column, ...]:
    """Return a schema's columns, once it is sure that one is of a kind."""
    if not any(column.kind is kind for column in schema.columns):
        raise UserError(
            f"model=pretrained: the encoder reads {kind}s, and the columns are "
            f"{listing(schema.names)}, none of them {'an' if kind is Kind.image else 'a'} {kind}.",
            f"If one is, say so: dataset.columns.NAME={kind}. Else choose another model.",
        )
    return schema.columns
