"""The deployer `mobile`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Kind, Predictor, UserError
from mlfw.files import finite, write_bytes, write_json, write_text
from mlfw.hints import install
from mlfw_onnx import Export

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_mobile.columns import Layout
    from mlfw_onnx import Comparison, Form

ANDROID, ASSETS = "android", "app/src/main/assets"
IOS, RESOURCES = "ios", "Sources/Resources"


class PhoneRuntime(StrEnum):
    """What runs the model on the phone.

    `auto` is ExecuTorch for networks and ONNX Runtime for all other models.
    """

    auto = "auto"
    executorch = "executorch"
    onnx = "onnx"


@dataclass(frozen=True)
class Made:
    """A model in the form that runs on phones.

    Attributes:
        runtime: onnx or executorch.
        file: The name of its file.
        content: The file.
        layout: Its columns and targets.
        comparison: Returns what compares a file with the saved model.
    """

    runtime: str
    file: str
    content: bytes
    layout: Layout
    comparison: Callable[[Path], Comparison]


@dataclass(kw_only=True)
class Mobile(Export):
    """An Android project and an iOS package with the model inside, made from the schema.

    They are written only if the model's file predicts what mlfw predicts, both for made-up rows and
    for test rows of the run.

    Attributes:
        runtime: What runs the model on the phone: executorch (networks only), onnx, or auto, which
            is executorch for networks and onnx for all other models.
    """

    extra: ClassVar[str] = "mobile"

    runtime: PhoneRuntime = PhoneRuntime.auto

    def write(self, saved: SavedModel, folder: Path, name: str) -> Form:
        """Write the folders `android` and `ios`.

        Raises:
            UserError: The model has no form for phones, the apps cannot read one of its columns, or
                a package is not installed.
        """
        from mlfw_mobile.readme import page
        from mlfw_mobile.sources import android_files, ios_files
        from mlfw_onnx import Form, check_copy, sample_of

        made = self._program(saved) if self._is_network(saved) else self._graph(saved)
        sources = ((ANDROID, ASSETS, android_files), (IOS, RESOURCES, ios_files))
        for root, data, files in sources:
            for path, text in files(made.layout, name, made.runtime).items():
                write_text(folder / root / path, text)
            write_bytes(folder / root / data / made.file, made.content)
            write_json(folder / root / data / "columns.json", made.layout.to_json())
        first, second = (folder / root / data / made.file for root, data, _ in sources)
        check_copy(second.read_bytes(), made.content, "mobile", f"{made.file} for iOS")
        comparison = made.comparison(first)
        sample = sample_of(saved, {each["name"]: each for each in made.layout.notes})
        text = json.dumps(finite(_sample(made, comparison, sample.rows)), ensure_ascii=False)
        for root, data, _ in sources:
            write_text(folder / root / data / "sample.json", text)
        return Form(
            ANDROID,
            comparison,
            sample,
            lambda note: page(name, saved.use, made.layout, made.runtime, note),
        )

    def _is_network(self, saved: SavedModel) -> bool:
        """Return whether ExecuTorch runs the model."""
        if self.runtime is PhoneRuntime.auto:
            return _network(saved)
        return self.runtime is PhoneRuntime.executorch

    def _graph(self, saved: SavedModel) -> Made:
        from mlfw_mobile.columns import Layout
        from mlfw_mobile.phone_graph import PhoneComparison, phone_model, phone_notes
        from mlfw_onnx import MODEL, TargetOutputs, checked_model, input_notes

        model = saved.predictor.to_onnx()
        phone = phone_model(model)
        notes = phone_notes(phone, input_notes(model))
        layout = Layout(saved.schema, notes, TargetOutputs.of(model))
        layout.check(network=_network(saved))

        def comparison(file: Path) -> Comparison:
            return PhoneComparison(
                saved.predictor, checked_model(file, file.name, any_operators=True)
            )

        return Made("onnx", MODEL, phone.SerializeToString(), layout, comparison)

    def _program(self, saved: SavedModel) -> Made:
        if not _network(saved):
            raise UserError(
                "deployer=mobile: deployer.runtime=executorch runs networks only, and a "
                f"model={saved.use} is none.",
                "Type: deployer.runtime=onnx",
            )
        if find_spec("executorch") is None:
            raise UserError(
                "deployer=mobile: the package 'executorch', which exports networks, is not "
                "installed.",
                f"Type: {install('mlfw[mobile]')}, or export with deployer.runtime=onnx",
            )
        from mlfw_lightning import ProgramComparison, network_of, target_outputs
        from mlfw_mobile.columns import Layout
        from mlfw_mobile.executorch import phone_program, program_layout, runner
        from mlfw_onnx import sample_of

        network = network_of(saved, "mobile")
        outputs = target_outputs(network)
        row = sample_of(saved, network.preprocessor.input_notes(True)).rows.slice(0, 1)
        layout = Layout(saved.schema, program_layout(network, row), outputs)
        layout.check(network=True)
        content = phone_program(network, row)

        def comparison(file: Path) -> Comparison:
            return ProgramComparison(network, outputs, "mobile", runner(network, file))

        return Made("executorch", "model.pte", content, layout, comparison)


def _network(saved: SavedModel) -> bool:
    """Return whether a model is a network of PyTorch, whatever runs its predictions."""
    from mlfw_lightning import OnnxNetwork
    from mlfw_onnx import OnnxPredictor

    if isinstance(saved.predictor, OnnxPredictor) or find_spec("torch") is None:
        return isinstance(saved.predictor, OnnxNetwork)
    from mlfw_lightning import NetworkPredictor

    return isinstance(saved.predictor, NetworkPredictor)


def _sample(made: Made, comparison: Comparison, rows: pa.Table) -> dict[str, Any]:
    """Return rows and what mlfw predicts for them, as JSON data.

    Rows for which rounding errors may weigh more than the tolerance, because numbers are far from
    those of training, are given the numbers and dates of the first row, which are ordinary.
    """
    from mlfw_mobile.phone_graph import TOLERANCE
    from mlfw_onnx import expected_outputs, plain_rows

    predictor = comparison.predictor
    rows = _near(predictor, rows)
    predictions = predictor.predict(rows)
    expected: dict[str, Any] = {}
    for each in made.layout.outputs:
        expected |= expected_outputs(predictor, each, predictions)
    names = [notes["name"] for notes in made.layout.notes]
    plain = [{name: row[name] for name in names} for row in plain_rows(rows)]
    return {"rows": plain, "predictions": made.layout.predictions(expected, expected, TOLERANCE)}


def _near(predictor: Predictor, rows: pa.Table) -> pa.Table:
    """Return rows whose predictions hardly depend on the order in which a network's sums are made.

    Args:
        predictor: The model.
        rows: Rows that conform to the schema; the first is ordinary.
    """
    import pyarrow as pa

    slack = predictor.onnx_slack(rows)
    if slack is None or (slack <= 1).all():
        return rows
    far = rows.filter(pa.array(slack > 1))
    for column in predictor.schema.columns:
        if column.kind in (Kind.number, Kind.datetime):
            ordinary = pa.repeat(rows[column.name][0], far.num_rows)
            far = far.set_column(far.schema.get_field_index(column.name), column.name, ordinary)
    rows = pa.concat_tables([rows.filter(pa.array(slack <= 1)), far.cast(rows.schema)])
    slack = predictor.onnx_slack(rows)
    return rows if slack is None else rows.filter(pa.array(slack <= max(1.0, slack.min())))
