"""The deployer `onnx`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import mlfw
from mlfw import Deployer, Deployment, limits
from mlfw.files import write_bytes, write_text

CARDS = ("card.json", "card.md")


@dataclass(kw_only=True)
class Onnx(Deployer):
    """The model in ONNX, preprocessing included, for use without mlfw in any language.

    It is written only if it predicts what mlfw predicts, both for made-up rows and for test rows of
    the run.

    Attributes:
        check_rows: Largest number of the run's test rows to compare, if they are available.
    """

    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    extra: ClassVar[str] = "onnx"
    exports: ClassVar[bool] = True

    check_rows: int = field(default=10_000, metadata=limits(minimum=0))

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write `model.onnx`, `schema.json`, `sample.json`, `README.md` and the model's card.

        Raises:
            UserError: The model has no ONNX form, or predicts otherwise in ONNX.
        """
        from mlfw_onnx.parity import Parity, session_of
        from mlfw_onnx.portable import made_up_rows, sample_text
        from mlfw_onnx.predictions import TargetOutputs
        from mlfw_onnx.predictor import MODEL, SAMPLE
        from mlfw_onnx.readme import Page

        saved = mlfw.load(model)
        made = saved.predictor.to_onnx()
        content = made.SerializeToString()
        parity = Parity(saved.predictor, session_of(content), TargetOutputs.of(made))
        sample = made_up_rows(saved.predictor, made)
        note = parity.note(sample, saved.test_rows(self.check_rows))
        write_bytes(folder / MODEL, content)
        saved.schema.save(folder / "schema.json")
        write_text(folder / SAMPLE, sample_text(parity, made, sample))
        for name_of_card in CARDS:
            if (card := model / name_of_card).is_file():
                write_bytes(folder / name_of_card, card.read_bytes())
        first = saved.predictor.onnx_feeds(sample.slice(0, 1))
        write_text(folder / "README.md", Page(name, saved.use, made, first, [note]).text())
        return Deployment(MODEL, notes=(note,))
