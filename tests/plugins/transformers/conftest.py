"""A tiny encoder with random weights, saved as the `transformers` library saves one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

import mlfw
from mlfw import Column, FitContext, Kind, Schema, Splits, Task
from mlfw_lightning import LightningTrainer

WORDS = ("good", "bad", "fine", "poor", "the", "day", "was", "a", "very", "so")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write_encoder(folder: Path) -> None:
    """Write a BERT of two layers with a tokenizer of fifteen tokens."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    vocabulary = {token: number for number, token in enumerate((*SPECIAL, *WORDS))}
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=24, pad_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encoder's folder; not to be changed."""
    folder = tmp_path_factory.mktemp("encoder")
    write_encoder(folder)
    return folder


@pytest.fixture
def own_encoder(encoder: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(encoder, tmp_path / "encoder"))


def texts(rows: int) -> list[str]:
    """Return texts that are good or bad in turn, all of other lengths."""
    return [
        " ".join(["the day was", *["very"] * (row % 4), "good" if row % 2 else "bad"])
        for row in range(rows)
    ]


def splits(columns: tuple[str, ...] = ("text",), rows: int = 64) -> Splits:
    """Return texts, with numbers beside them where asked for, and whether they are good."""
    written = texts(rows)
    kinds = {"text": Kind.text, "other": Kind.text, "size": Kind.number, "colour": Kind.category}
    values = {
        "text": written,
        "other": [text.upper() for text in reversed(written)],
        "size": [float(row % 7) for row in range(rows)],
        "colour": [("red", "blue", None)[row % 3] for row in range(rows)],
    }
    schema = Schema.of(
        columns=tuple(Column(name=name, kind=kinds[name]) for name in columns),
        target=Column(name="feel", kind=Kind.category),
        task=Task.binary,
        classes=("bad", "good"),
    )
    feel = ["good" if row % 2 else "bad" for row in range(rows)]
    table = pa.table({**{name: values[name] for name in columns}, "feel": feel})
    half, quarter = rows // 2, rows // 4
    return Splits(
        table.slice(0, half), table.slice(half, quarter), table.slice(half + quarter), schema
    )


def context(folder: Path, **options: object) -> FitContext:
    """Return what a fit is given."""
    trainer = LightningTrainer(accelerator="cpu", **{"epochs": 1, **options})  # type: ignore[arg-type]
    return FitContext(trainer=trainer, seed=0, folder=folder, report=lambda *_: None)


def accuracy(data: Splits, predictor: mlfw.Predictor) -> float:
    """Return the share of test rows that are predicted rightly."""
    found = predictor.predict(data.test)["prediction"].to_pylist()
    truth = data.test["feel"].to_pylist()
    return sum(a == b for a, b in zip(found, truth, strict=True)) / len(truth)
