"""The deployer `onnx`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Deployer, Deployment, limits
from mlfw.files import finite, write_bytes, write_text

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pyarrow as pa

    from mlfw_onnx.parity import Parity

MODEL = "model.onnx"
SAMPLE_NUMBERS = 50_000


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
        """Write `model.onnx`, `schema.json`, `sample.json` and `README.md` into the folder.

        Raises:
            UserError: The model has no ONNX form, or predicts otherwise in ONNX.
        """
        from mlfw_onnx.parity import Parity, numbers_a_row, session_of
        from mlfw_onnx.predictions import TargetOutputs, input_notes
        from mlfw_onnx.readme import Page
        from mlfw_onnx.sample import sample_rows

        saved = mlfw.load(model)
        made = saved.predictor.to_onnx()
        content = made.SerializeToString()
        parity = Parity(saved.predictor, session_of(content), TargetOutputs.of(made))
        sample = mlfw.conform(sample_rows(saved.schema, input_notes(made)), saved.schema)
        note = parity.note(sample, saved.test_rows(self.check_rows))
        write_bytes(folder / MODEL, content)
        saved.schema.save(folder / "schema.json")
        some = sample.slice(0, max(SAMPLE_NUMBERS // numbers_a_row(parity.session), 1))
        write_text(folder / "sample.json", json.dumps(finite(_sample(parity, made, some))))
        first = saved.predictor.onnx_feeds(sample.slice(0, 1))
        write_text(folder / "README.md", Page(name, saved.use, made, first, [note]).text())
        return Deployment(MODEL, notes=(note,))


def _sample(parity: Parity, model: onnx.ModelProto, rows: pa.Table) -> dict[str, Any]:
    """Return sample rows as JSON data: what goes in and what comes out, by name."""
    from mlfw_onnx.parity import expected_outputs
    from mlfw_onnx.sample import plain_rows

    feeds = parity.predictor.onnx_feeds(rows)
    predictions = parity.predictor.predict(rows)
    outputs: dict[str, np.ndarray] = {}
    for each in parity.outputs:
        outputs |= expected_outputs(parity.predictor, each, predictions)
    return {
        "inputs": {each.name: feeds[each.name].tolist() for each in model.graph.input},
        "outputs": {each.name: outputs[each.name].tolist() for each in model.graph.output},
        "rows": plain_rows(rows),
    }
