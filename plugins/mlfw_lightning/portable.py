"""A saved network in ONNX, run by ONNX Runtime: torch is not imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Schema
from mlfw.files import write_bytes
from mlfw_onnx import OnnxPredictor
from mlfw_tabular import Preprocessor

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw.pipeline.saved_model import SavedModel

WEIGHTS, NETWORK = "weights.safetensors", "network.json"
TOLERANCE = 1e-5  # float32, in which networks compute
FAR = 30.0  # inputs, in standard deviations, beyond which rounding errors matter


@dataclass(frozen=True)
class NetworkPreparation:
    """A network's preprocessor, and where its weights are.

    Attributes:
        preprocessor: Prepares the columns.
        folder: The saved model.
    """

    preprocessor: Preprocessor
    folder: Path

    def feeds(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return rows that conform to the schema as inputs, by name."""
        return self.preprocessor.feeds(rows, network=True)

    def plain_feeds(self, columns: Mapping[str, list[Any]]) -> dict[str, np.ndarray] | None:
        """Return a few rows of plain values as inputs; see `Encoder.plain_feed`."""
        return self.preprocessor.plain_feeds(columns, network=True)

    def save(self, folder: Path) -> None:
        """Write the preprocessor, and copy the weights, from which training can go on."""
        self.preprocessor.save(folder)
        for name in (NETWORK, WEIGHTS):
            write_bytes(folder / name, (self.folder / name).read_bytes())


class OnnxNetwork(OnnxPredictor):
    """A network in ONNX, preprocessing included, that ONNX Runtime runs."""

    onnx_tolerance: ClassVar[float] = TOLERANCE

    def onnx_slack(self, rows: pa.Table) -> np.ndarray:
        """Return by which factor the tolerance is larger for each row.

        It grows with numbers far from those of training: how sensitive the network is to rounding
        errors is known in torch only.
        """
        import numpy as np

        assert isinstance(self.preparation, NetworkPreparation)
        numbers = self.preparation.preprocessor.numbers(rows, network=True)
        far: np.ndarray = np.abs(numbers).max(axis=1, initial=FAR) / FAR
        return far

    @classmethod
    def read(cls, folder: Path, schema: Schema) -> OnnxPredictor:
        """Load what `NetworkPredictor.save` wrote into a folder, if it is in ONNX too.

        Args:
            folder: The folder.
            schema: The model's schema.

        Raises:
            UserError: A file is damaged.
        """
        return cls.load(folder, schema, NetworkPreparation(Preprocessor.load(folder), folder))


def native(saved: SavedModel) -> SavedModel:
    """Return a saved model with its network in torch, if it is a network in ONNX; else itself."""
    if isinstance(saved.predictor, OnnxNetwork):
        return mlfw.load(saved.folder, engine="native")
    return saved
