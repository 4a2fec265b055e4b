"""Saving a fitted model in ONNX, with rows to try it with, once both have been compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlfw
from mlfw import Predictor, UserError
from mlfw.errors import listing
from mlfw.files import finite, read_json, write_bytes, write_text
from mlfw.hints import printable
from mlfw_onnx.parity import REPLAYED, Parity, Sample
from mlfw_onnx.predictions import input_notes
from mlfw_onnx.predictor import MODEL, SAMPLE, TYPES
from mlfw_onnx.sample import plain_rows, rows_of, sample_rows
from mlfw_onnx.session import checked_model

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pyarrow as pa

    from mlfw.pipeline.saved_model import SavedModel

SAMPLE_NUMBERS = 50_000
NUMPY = {onnx_type: name for name, onnx_type in TYPES.items()}


def save_portable(predictor: Predictor, model: onnx.ModelProto, folder: Path) -> None:
    """Write `model.onnx` and `sample.json` into the folder of a saved model.

    Args:
        predictor: The fitted model.
        model: The same in ONNX; see `Predictor.to_onnx`.
        folder: Where to.

    Raises:
        UserError: Both predict differently for made-up rows.
    """
    content = model.SerializeToString()
    parity = Parity(predictor, checked_model(content, MODEL))
    sample = made_up_rows(predictor, model)
    parity.check(sample, "sample")
    write_bytes(folder / MODEL, content)
    write_text(folder / SAMPLE, sample_text(parity, model, sample))


def check_portable(predictor: Predictor, folder: Path, rows: pa.Table) -> None:
    """Check that the model that `save_portable` wrote predicts as the fitted one.

    Args:
        predictor: The fitted model.
        folder: Where the saved one is.
        rows: Rows that conform to the schema.

    Raises:
        UserError: Both predict differently.
    """
    model = checked_model(folder / MODEL, str(folder / MODEL))
    Parity(predictor, model).check(rows, "test")


def made_up_rows(predictor: Predictor, model: onnx.ModelProto) -> pa.Table:
    """Return made-up rows that conform to the schema; see `sample_rows`."""
    rows = sample_rows(predictor.schema, input_notes(model))
    return mlfw.conform(rows, predictor.schema)


def sample_of(saved: SavedModel, notes: Mapping[str, Mapping[str, Any]]) -> Sample:
    """Return the sample that was saved with a model, or made-up rows if it has none.

    Args:
        saved: The saved model.
        notes: The descriptions of the model's inputs, by column; see `prediction_model`.

    Raises:
        UserError: The sample is damaged.
    """
    stored = stored_sample(saved)
    if stored is not None:
        return stored
    return Sample(mlfw.conform(sample_rows(saved.schema, notes), saved.schema))


def stored_sample(saved: SavedModel) -> Sample | None:
    """Return the sample that was saved with a model, with its predictions; None if it has none.

    Args:
        saved: The saved model.

    Raises:
        UserError: The sample is damaged.
    """
    path = saved.folder / SAMPLE
    if not path.is_file():
        return None
    try:
        content = read_json(path)
        rows = rows_of(content["rows"], saved.schema)
        outputs = {name: _recorded(values) for name, values in content["outputs"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: damaged: {type(error).__name__}: {printable(str(error))}.",
            "Copy the saved model again, or train it again.",
        ) from None
    return Sample(rows, outputs)


def _recorded(values: Any) -> np.ndarray:
    """Return an output as it was before it was written as JSON."""
    import numpy as np

    made: np.ndarray = np.array(values)
    if made.dtype.kind == "O":  # None, which was NaN
        return np.array(values, np.float64)
    return made.astype(object) if made.dtype.kind == "U" else made


def sample_text(parity: Parity, model: onnx.ModelProto, rows: pa.Table) -> str:
    """Return the content of `sample.json`: inputs and outputs, by name, and the rows themselves.

    Args:
        parity: The model and its form in ONNX.
        model: The latter.
        rows: Rows from `made_up_rows`; of many columns, only the first rows are taken.
    """
    some = rows.slice(0, max(SAMPLE_NUMBERS // parity.model.numbers_a_row, 1))
    feeds = parity.predictor.onnx_feeds(some)
    outputs = parity.run(some)
    content: dict[str, Any] = {
        "inputs": {each.name: feeds[each.name].tolist() for each in model.graph.input},
        "outputs": {each.name: outputs[each.name].tolist() for each in model.graph.output},
        "rows": plain_rows(some),
    }
    return json.dumps(finite(content))


def replay_sample(folder: Path) -> int:
    """Check that a copy of a saved model predicts its sample as when it was saved.

    Args:
        folder: The saved model, with `model.onnx` and `sample.json` as `save_portable` wrote them.

    Returns:
        How many rows were predicted; 0 for a model that has no form in ONNX.

    Raises:
        UserError: It predicts differently; the message names the rows and the output.
    """
    import numpy as np

    if not (folder / MODEL).is_file() or not (folder / SAMPLE).is_file():
        return 0
    sample = read_json(folder / SAMPLE)
    model = checked_model(folder / MODEL, str(folder / MODEL))
    types = {each.name: each.type for each in model.session.get_inputs()}
    feeds = {
        name: np.array(values, dtype=NUMPY[types[name]])  # None becomes NaN
        for name, values in sample["inputs"].items()
    }
    for name, found in model.run(feeds).items():
        expected = np.array(sample["outputs"][name], dtype=found.dtype)
        same = expected == found
        if found.dtype.kind == "f":
            same = np.isnan(expected) | np.isclose(found, expected, rtol=REPLAYED, atol=REPLAYED)
        rows = np.flatnonzero(~same.reshape(len(same), -1).all(axis=1))
        if len(rows):
            shown = listing([str(row + 1) for row in rows.tolist()], 3)
            raise UserError(
                f"{folder / SAMPLE}: {name}: the model predicts differently from when it was "
                f"saved, in rows {shown}.",
                "Copy the saved model again, or train it again.",
            )
    return len(sample["rows"])
