"""A saved model in ONNX, run by ONNX Runtime: neither scikit-learn nor torch is imported."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import mlfw
from mlfw import Predictor, Schema, UserError
from mlfw.errors import listing
from mlfw.files import write_bytes
from mlfw.hints import printable
from mlfw.schema import empty_rows
from mlfw.threads import usable_cores
from mlfw_onnx.model_file import ModelFile
from mlfw_onnx.predictions import rows_at_once
from mlfw_onnx.session import CheckedModel, checked_model

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pyarrow as pa

MODEL, SAMPLE = "model.onnx", "sample.json"
# ONNX Runtime's names of the types of NumPy.
TYPES = {
    "float64": "tensor(double)",
    "float32": "tensor(float)",
    "int32": "tensor(int32)",
    "uint8": "tensor(uint8)",
    "object": "tensor(string)",
}
FEW_ROWS = 256  # a single thread is faster for so few
# Of the rows that memory allows, so large a part is predicted at a time: 2,000 rows are predicted
# as fast as 20,000, in a tenth of the memory.
PART = 16


class Preparation(Protocol):
    """What turns rows into the inputs of a model in ONNX, such as a `Preprocessor`."""

    def feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return rows that conform to the schema as inputs, by name."""

    def plain_feeds(self, columns: Mapping[str, list[Any]]) -> dict[str, np.ndarray] | None:
        """Return a few rows of plain values as inputs, or None; see `Predictor.predict_plain`."""

    def save(self, folder: Path) -> None:
        """Write it into a folder, as data."""


class OnnxPredictor(Predictor):
    """A model in ONNX, preprocessing included, that ONNX Runtime runs.

    Args:
        schema: What it takes and gives.
        content: The model, as `prediction_model` made it, or the file that it is in.
        preparation: Turns rows into its inputs.
        place: Where the model comes from, for messages.
        sample: The text of its `sample.json`, if it has one.
    """

    NEEDS: ClassVar[tuple[tuple[str, ...], str]] = (("onnx", "onnxruntime"), "runtime")
    onnx_tolerance: ClassVar[float] = 1e-9

    def __init__(
        self,
        schema: Schema,
        content: bytes | ModelFile,
        preparation: Preparation,
        place: str = MODEL,
        sample: str = "",
    ) -> None:
        self.schema = schema
        self._source = content
        self.preparation = preparation
        self.place = place
        self.sample = sample
        self._names = self._output_names()
        metadata = self._few.session.get_modelmeta().custom_metadata_map
        most = rows_at_once(metadata)
        self._rows_at_once = min(most, max(most // PART, FEW_ROWS))

    @classmethod
    def load(cls, folder: Path, schema: Schema, preparation: Preparation) -> OnnxPredictor:
        """Load the model that `save_portable` wrote into a folder.

        Args:
            folder: The folder.
            schema: The model's schema.
            preparation: Turns rows into its inputs.

        Raises:
            UserError: The file is damaged, or holds what no model of mlfw holds.
        """
        path, sample = folder / MODEL, folder / SAMPLE
        text = sample.read_text(encoding="utf-8") if sample.is_file() else ""
        made = cls(schema, ModelFile(path), preparation, str(path), text)
        feeds = made._no_rows()
        made._check_inputs(feeds)
        made._run_few(feeds)  # files that do not fit one another fail here
        return made

    @property
    def content(self) -> bytes:
        """The model, as `prediction_model` made it."""
        return self._source if isinstance(self._source, bytes) else self._source.read()

    def _no_rows(self) -> dict[str, np.ndarray]:
        """Return the inputs for no rows; plain ones where there are, as they are made sooner."""
        feeds = self.preparation.plain_feeds({name: [] for name in self.schema.names})
        return self.onnx_feeds(empty_rows(self.schema)) if feeds is None else feeds

    def _check_inputs(self, made: Mapping[str, np.ndarray]) -> None:
        """Check that the model takes what its preparation makes.

        Raises:
            UserError: It takes something else.
        """
        given = {name: (TYPES.get(each.dtype.name), each.ndim) for name, each in made.items()}
        inputs = self._few.session.get_inputs()
        taken = {each.name: (each.type, len(each.shape)) for each in inputs}
        if given != taken:
            wrong = [
                name for name in given.keys() | taken.keys() if given.get(name) != taken.get(name)
            ]
            raise UserError(
                f"{self.place}: does not fit preprocessor.json in the input "
                f"{printable(listing(sorted(wrong)))}.",
                "Copy the saved model again.",
            )

    def predict(self, rows: pa.Table) -> pa.Table:
        """Return predictions for rows that conform to the schema."""
        import numpy as np

        model = self._few if rows.num_rows <= FEW_ROWS else self._many
        size = self._rows_at_once
        pieces = [
            model.run(self.onnx_feeds(rows.slice(start, size)), self._names)
            for start in range(0, max(rows.num_rows, 1), size)
        ]
        values = [np.concatenate([piece[name] for piece in pieces]) for name in self._names]
        return mlfw.predictions_table(self.schema, values if len(values) > 1 else values[0])

    def predict_plain(self, columns: Mapping[str, list[Any]]) -> pa.Table | None:
        """Return predictions for a few rows of plain values."""
        feeds = self.preparation.plain_feeds(columns)
        return None if feeds is None else self._run_few(feeds)

    def _run_few(self, feeds: Mapping[str, np.ndarray]) -> pa.Table:
        """Return predictions for the inputs of a few rows."""
        found = self._few.run(feeds, self._names)
        values = [found[name] for name in self._names]
        return mlfw.predictions_table(self.schema, values if len(values) > 1 else values[0])

    def for_threads(self) -> Predictor:
        """Return the same model, which runs each call in the thread that calls it."""
        single = copy(self)
        single.__dict__["_many"] = self._few
        return single

    def to_onnx(self) -> onnx.ModelProto:
        """Return the model."""
        import onnx

        return onnx.load_model_from_string(self.content)

    def onnx_feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return what the inputs of the model take."""
        return self.preparation.feeds(rows)

    def save(self, folder: Path) -> None:
        """Write model, sample and preparation."""
        self.preparation.save(folder)
        write_bytes(folder / MODEL, self.content)
        if self.sample:
            write_bytes(folder / SAMPLE, self.sample.encode())

    def needs(self) -> tuple[tuple[str, ...], str]:
        """Return the packages that loading needs, and the extra that installs them."""
        return self.NEEDS

    def _output_names(self) -> list[str]:
        """Return the names of the outputs that predictions are made of, in the targets' order.

        Raises:
            UserError: The model does not predict the targets of the schema.
        """
        there = {each.target: each for each in self._few.targets}
        for target in self.schema.targets:
            made = there.get(target.name)
            if made is None or (made.task, made.classes) != (target.task, target.classes):
                raise UserError(
                    f"{self.place}: does not predict '{printable(target.name)}' as schema.json "
                    "says.",
                    "Copy the saved model again.",
                )
        outputs = [there[target.name] for target in self.schema.targets]
        return [each.probabilities or each.prediction for each in outputs]

    @cached_property
    def _few(self) -> CheckedModel:
        return checked_model(self._source, self.place)

    @cached_property
    def _many(self) -> CheckedModel:
        cores = usable_cores()
        return checked_model(self.content, self.place, threads=cores) if cores > 1 else self._few
