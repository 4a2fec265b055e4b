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
from mlfw_transformers.settings import CONFIG, read_settings
from mlfw_transformers.source import TOKENIZER
from mlfw_transformers.tokenizer import TokenizerEncoder

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular.prepare.fitting import Targets

SAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class Tokenized(Fitting):
    """Texts cut by an encoder's own tokenizer, all other columns in the usual way."""

    tokenizer: str
    settings: dict[str, Any]
    key: str

    @classmethod
    def of(cls, folder: Path) -> Tokenized:
        """Read an encoder's tokenizer and settings.

        Raises:
            UserError: They cannot be used; see `read_settings`.
        """
        settings = read_settings(folder / CONFIG)
        tokenizer = (folder / TOKENIZER).read_text(encoding="utf-8")
        return cls(tokenizer, settings, digest([tokenizer, settings]))

    def columns(self, schema: Schema) -> tuple[Column, ...]:
        """Return the columns as they are.

        Raises:
            UserError: None of them is a text.
        """
        if not any(column.kind is Kind.text for column in schema.columns):
            raise UserError(
                f"model=pretrained: reads texts, and the columns are {listing(schema.names)}, "
                "none of them a text.",
                "If one is, say so: dataset.columns.NAME=text. Else choose another model.",
            )
        return schema.columns

    def fit(self, column: Column, values: pa.ChunkedArray, targets: Targets) -> Iterable[Encoder]:
        """Return the encoders of a column."""
        if column.kind is not Kind.text:
            return super().fit(column, values, targets)
        length = column_options(column).length
        texts = sample(values, SAMPLE_ROWS)
        return [TokenizerEncoder.fit(column, texts, self.tokenizer, self.settings, length)]
