"""A fitted network, with what it takes to predict from rows of a table."""

from __future__ import annotations

import copy
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

import mlfw
from mlfw import Schema
from mlfw.files import read_json, write_bytes, write_json
from mlfw.schema import empty_rows
from mlfw_lightning.heads import Head
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.onnx_layers import add_module, is_convertible
from mlfw_lightning.portable import NETWORK, TOLERANCE, WEIGHTS
from mlfw_onnx import OnnxPredictor, check_portable, save_portable
from mlfw_tabular import Preprocessor

if TYPE_CHECKING:
    import onnx
    import pyarrow as pa

PERTURBED = 6  # networks, so that a small difference by chance is unlikely
ROUNDING = float(np.finfo(np.float32).eps)
LARGER = 10.0  # times these differences; the runtimes were at most 2.5 times as far apart
MOST_BYTES = 1_000_000_000  # a model in ONNX is at most one Protocol Buffers message, of 2 GB


class NetworkPredictor(mlfw.Predictor):
    """A network with its preprocessor and its heads."""

    onnx_tolerance: ClassVar[float] = TOLERANCE

    def __init__(
        self,
        schema: Schema,
        preprocessor: Preprocessor,
        model: Network,
        shape: InputShape,
        heads: tuple[Head, ...],
        weights: dict[str, Tensor],
    ) -> None:
        self.schema = schema
        self.preprocessor = preprocessor
        self.shape = shape
        self.heads = heads
        self.rows_at_once = shape.rows_at_once
        with torch.random.fork_rng(devices=[]):
            self.network = model.build(shape)
        self.network.load_state_dict(weights)
        self.network.eval()

    def predict(self, rows: pa.Table) -> pa.Table:
        """Return predictions for rows that conform to the schema."""
        values = self._values(self._inputs(rows), self.network)
        return mlfw.predictions_table(self.schema, values if len(values) > 1 else values[0])

    def _inputs(self, rows: pa.Table) -> Inputs:
        features = self.preprocessor.transform(rows, network=True)
        return Inputs(
            torch.from_numpy(features.numbers),
            torch.from_numpy(features.codes),
            tuple(map(torch.from_numpy, features.tokens.values())),
            tuple(map(torch.from_numpy, features.images.values())),
        )

    def _values(self, inputs: Inputs, network: torch.nn.Module) -> list[np.ndarray]:
        """Return what each head predicts: [rows, classes] or [rows]."""
        pieces = [np.zeros((0, self.shape.outputs))]
        with torch.inference_mode():
            for start in range(0, len(inputs.numbers), self.rows_at_once):
                piece = inputs.rows(slice(start, start + self.rows_at_once))
                pieces.append(network(piece).double().numpy())
        cuts = np.cumsum([head.outputs for head in self.heads])[:-1]
        parts = np.split(np.concatenate(pieces), cuts, axis=1)
        return [head.predict(own) for head, own in zip(self.heads, parts, strict=True)]

    def to_onnx(self) -> onnx.ModelProto:
        """Return preprocessing, network and heads as one model in ONNX.

        Raises:
            UserError: The network, or a column's name, has no ONNX form, or a package is missing.
        """
        from mlfw_lightning.exporting import network_model
        from mlfw_onnx import Graph, prediction_model

        graph = Graph()
        features = self.preprocessor.graph_features(graph)
        if self.quick_onnx:
            scores = add_module(self.network, features)
        else:
            inputs = [features.numbers, features.codes, *features.tokens, *features.images]
            (scores,) = graph.inline(network_model(self.network, self.shape), inputs)
        cuts = np.cumsum([0, *(head.outputs for head in self.heads)]).tolist()
        wide = scores.cast("float64")
        values = [
            head.add_prediction(wide[:, start:stop])
            for head, start, stop in zip(self.heads, cuts, cuts[1:], strict=False)
        ]
        notes = self.preprocessor.input_notes(network=True)
        return prediction_model(graph, self.schema, values, notes, self.rows_at_once)

    @property
    def quick_onnx(self) -> bool:
        """Whether `to_onnx` takes less than a second, and `save` therefore writes the model too."""
        return is_convertible(self.network) and self._bytes <= MOST_BYTES

    @property
    def _bytes(self) -> int:
        """How much memory the weights take."""
        return sum(value.nbytes for value in self.network.state_dict().values())

    def onnx_feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return what the inputs of the model in ONNX take."""
        return self.preprocessor.feeds(rows, network=True)

    def onnx_slack(self, rows: pa.Table) -> np.ndarray:
        """Return by which factor the tolerance is larger for each row.

        Two runtimes add in different orders, so their results differ by rounding errors of single
        precision, which large weights, attention and numbers far from those of training amplify.
        How much they do is measured: predictions are compared with those of networks whose weights
        differ by as little as single precision can tell.
        """
        inputs = self._inputs(rows)
        expected = self._values(inputs, self.network)
        largest = np.zeros(rows.num_rows)
        network = copy.deepcopy(self.network)
        own = dict(self.network.named_parameters())
        random = torch.Generator().manual_seed(0)
        for _ in range(PERTURBED):
            with torch.no_grad():
                for name, weights in network.named_parameters():
                    if weights.dtype is torch.float32:
                        noise = 2 * torch.rand(weights.shape, generator=random) - 1
                        weights.copy_(own[name] * (1 + ROUNDING * noise))
            found = self._values(inputs, network)
            for before, after in zip(expected, found, strict=True):
                largest = np.fmax(largest, _apart(before, after))
        slack: np.ndarray = np.fmax(1.0, LARGER * largest / TOLERANCE)
        return slack

    def save(self, folder: Path) -> None:
        """Write weights, shape, heads and preprocessor as data, and the model in ONNX if quick.

        Raises:
            UserError: The model in ONNX predicts differently.
        """
        self.preprocessor.save(folder)
        heads = [head.to_json() for head in self.heads]
        write_json(folder / NETWORK, {"shape": asdict(self.shape), "heads": heads})
        state = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        write_bytes(folder / WEIGHTS, save(state))
        if self.quick_onnx:
            save_portable(self, self.to_onnx(), folder)

    def needs(self) -> tuple[tuple[str, ...], str] | None:
        """Return the packages that loading needs: without torch if the model is in ONNX."""
        return OnnxPredictor.NEEDS if self.quick_onnx else None

    def check_saved(self, folder: Path, rows: pa.Table) -> None:
        """Check that the saved model predicts the same."""
        if self.quick_onnx:
            check_portable(self, folder, rows)

    @classmethod
    def load(cls, folder: Path, schema: Schema, model: Network) -> NetworkPredictor:
        """Read weights, shape, heads and preprocessor, which `save` wrote.

        Args:
            folder: Where it lies.
            schema: The model's schema.
            model: The component that builds the network, as it was configured.
        """
        saved = read_json(folder / NETWORK)
        shape = InputShape.from_json(saved["shape"])
        heads = tuple(Head.from_json(head) for head in saved["heads"])
        weights = load((folder / WEIGHTS).read_bytes())
        made = cls(schema, Preprocessor.load(folder), model, shape, heads, weights)
        made.predict(empty_rows(schema, 1))  # files that do not fit one another fail here
        return made


def _apart(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return how far apart predictions are, [rows]: values in relation to their magnitude."""
    apart: np.ndarray = np.abs(after - before)
    if before.ndim > 1:
        most: np.ndarray = apart.max(axis=1, initial=0.0)
        return most
    sizes = np.abs(before)
    usual = np.median(sizes) if len(sizes) else 1.0
    shares: np.ndarray = apart / np.maximum(sizes, usual)
    return shares
