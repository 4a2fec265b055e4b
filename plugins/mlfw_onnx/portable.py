"""Saving a fitted model in ONNX, with rows to try it with, once both have been compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlfw
from mlfw import Predictor, UserError
from mlfw.errors import listing
from mlfw.files import finite, read_json, write_bytes, write_text
from mlfw_onnx.parity import Parity, numbers_a_row
from mlfw_onnx.predictions import input_notes
from mlfw_onnx.predictor import MODEL, SAMPLE, TYPES
from mlfw_onnx.sample import plain_rows, sample_rows
from mlfw_onnx.session import checked_model

if TYPE_CHECKING:
    import onnx
    import pyarrow as pa

SAMPLE_NUMBERS = 50_000
REPLAYED = 1e-5  # the largest difference, absolute and relative, between two machines
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
    checked = checked_model(content, MODEL)
    parity = Parity(predictor, checked.session, checked.targets)
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
    Parity(predictor, model.session, model.targets).check(rows, "test")


def made_up_rows(predictor: Predictor, model: onnx.ModelProto) -> pa.Table:
    """Return made-up rows that conform to the schema; see `sample_rows`."""
    rows = sample_rows(predictor.schema, input_notes(model))
    return mlfw.conform(rows, predictor.schema)


def sample_text(parity: Parity, model: onnx.ModelProto, rows: pa.Table) -> str:
    """Return the content of `sample.json`: inputs and outputs, by name, and the rows themselves.

    Args:
        parity: The model and its form in ONNX.
        model: The latter.
        rows: Rows from `made_up_rows`; of many columns, only the first rows are taken.
    """
    some = rows.slice(0, max(SAMPLE_NUMBERS // numbers_a_row(parity.session), 1))
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
