"""Which formats a model has follows from its columns and from what it is."""

from __future__ import annotations

from typing import Any

import pytest

from mlfw_onnx import formats_of

NUMBER, TEXT, IMAGE = ({"kind": kind} for kind in ("number", "text", "image"))


@pytest.mark.parametrize(
    ("notes", "network", "formats"),
    [
        ([NUMBER], False, "onnx, web, mobile, sql (if it is small)"),
        ([NUMBER], True, "onnx, web, mobile, torch"),
        ([NUMBER, TEXT], False, "onnx, web, mobile"),
        ([NUMBER, IMAGE], True, "onnx, web, torch"),
        ([NUMBER, {**TEXT, "tokenizer": "{}"}], True, "onnx, torch"),
        ([{**IMAGE, "processor": {}}], True, "onnx, torch"),
    ],
)
def test_formats_of_models(notes: list[dict[str, Any]], network: bool, formats: str) -> None:
    assert formats_of(notes, network=network) == formats
