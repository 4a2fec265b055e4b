"""The deployer `onnx`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.files import write_bytes, write_text
from mlfw_onnx.export import Export, Form

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel


@dataclass(kw_only=True)
class Onnx(Export):
    """The model in ONNX, preprocessing included, for use without mlfw in any language.

    It is written only if it predicts what mlfw predicts, both for made-up rows and for test rows of
    the run.
    """

    def write(self, saved: SavedModel, folder: Path, name: str) -> Form:
        """Write `model.onnx` and `sample.json`.

        Raises:
            UserError: The model has no ONNX form.
        """
        from mlfw_onnx.parity import Parity
        from mlfw_onnx.portable import sample_of, sample_text
        from mlfw_onnx.predictor import MODEL, SAMPLE
        from mlfw_onnx.readme import Page
        from mlfw_onnx.session import checked_model

        made = saved.predictor.to_onnx()
        write_bytes(folder / MODEL, made.SerializeToString())
        model = checked_model(folder / MODEL, MODEL, any_operators=True)
        parity = Parity(saved.predictor, model)
        sample = sample_of(saved, model.inputs)
        write_text(folder / SAMPLE, sample_text(parity, made, sample.rows))
        first = saved.predictor.onnx_feeds(sample.rows.slice(0, 1))
        return Form(MODEL, parity, sample, Page(name, saved.use, made, first).text)
