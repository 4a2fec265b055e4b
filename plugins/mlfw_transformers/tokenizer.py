"""Texts as the tokens of a pretrained encoder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, UserError
from mlfw_tabular import SequenceEncoder

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from tokenizers import Tokenizer

ENOUGH = 0.95
LONGEST = 256
FIRST_TOKEN = 1


@dataclass(frozen=True, kw_only=True)
class TokenizerEncoder(SequenceEncoder):
    """Text: the numbers of its first tokens plus 1; 0 fills up what is short.

    Attributes:
        column: The column's name.
        length: How many tokens are kept.
        tokenizer: What cuts texts into tokens: the content of `tokenizer.json`.
        settings: What shapes the encoder that reads them: the content of `config.json`.
    """

    name: ClassVar[str] = "tokenizer"

    tokenizer: str
    settings: str

    @classmethod
    def fit(
        cls,
        column: Column,
        texts: pa.Array,
        tokenizer: str,
        settings: dict[str, Any],
        length: int | None,
    ) -> TokenizerEncoder:
        """Learn nothing but how long texts are.

        Args:
            column: The column.
            texts: Some of its training values, [rows].
            tokenizer: The content of `tokenizer.json`.
            settings: Of the encoder.
            length: How many tokens are kept; None for what is enough for 95 of 100 texts, at
                most 256.
        """
        import numpy as np

        most = longest(settings)
        made = cls(
            column=column.name, length=most, tokenizer=tokenizer, settings=json.dumps(settings)
        )
        if length is None:
            lengths = [len(tokens) for tokens in made.tokens(texts)]
            usual = np.quantile(lengths, ENOUGH) if lengths else 1
            length = int(np.clip(np.ceil(usual), 1, LONGEST))
        return cls(
            column=column.name,
            length=min(length, most),
            tokenizer=tokenizer,
            settings=made.settings,
        )

    @property
    def cardinality(self) -> int:
        """The encoder's tokens, and padding."""
        return int(json.loads(self.settings).get("vocab_size", 0)) + FIRST_TOKEN

    @property
    def reader(self) -> str:
        """The encoder's settings."""
        return self.settings

    def input_notes(self) -> dict[str, Any]:
        """Return the tokenizer."""
        return {
            **super().input_notes(),
            "holds": f"the numbers plus 1 of the first {self.length} tokens of a text, cut by the "
            "tokenizer (tokenizer.json) in the model's metadata, 0 where the text has ended",
            "tokenizer": self.tokenizer,
        }

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        try:
            made = Tokenizer.from_str(self.tokenizer)
        except Exception as error:
            raise UserError(
                f"column '{self.column}': the tokenizer of the encoder cannot be read: {error}.",
                "Save it again with save_pretrained of the transformers library.",
            ) from None
        made.no_padding()
        made.enable_truncation(self.length)
        return made

    def tokens(self, values: pa.Array) -> list[list[int]]:
        """Return the numbers of the tokens of each text; a missing one is as an empty one."""
        texts = [text or "" for text in values.to_pylist()]
        return [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]

    def read(self, values: pa.Array) -> np.ndarray:
        """Return the numbers of the tokens plus 1, int32 [rows, length]."""
        import numpy as np

        numbers = np.zeros((len(values), self.length), np.int32)
        for row, tokens in enumerate(self.tokens(values)):
            # An encoder has to see something of every text.
            kept = np.asarray(tokens or [0], np.int32)[: self.length]
            numbers[row, : len(kept)] = kept + FIRST_TOKEN
        return numbers


def longest(settings: dict[str, Any]) -> int:
    """Return how many tokens an encoder takes at most.

    Those that count positions from after the padding's number, as RoBERTa does, take fewer than
    they have positions for.
    """
    places = settings.get("max_position_embeddings") or settings.get("n_positions")
    if not isinstance(places, int) or places < 1:
        return LONGEST
    padding = settings.get("pad_token_id")
    return max(places - (padding + 1 if isinstance(padding, int) and padding else 0), 1)
