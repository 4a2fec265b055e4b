"""Comparing an exported network with the network it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlfw_lightning.predictor import NetworkPredictor
from mlfw_lightning.program import encoders, program_inputs
from mlfw_onnx import Comparison, TargetOutputs, expected_outputs, plain_rows, with_labels

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

TOLERANCE = 1e-5


class ProgramComparison(Comparison):
    """A comparison of an exported program with the network it was made from.

    Args:
        predictor: The network.
        outputs: The outputs of each target.
        deployer: The name of the deployer that exports, for messages.
        predict: Returns probabilities or predicted values for rows, one array per target.
    """

    def __init__(
        self,
        predictor: NetworkPredictor,
        outputs: tuple[TargetOutputs, ...],
        deployer: str,
        predict: Callable[[pa.Table], Sequence[np.ndarray]],
    ) -> None:
        super().__init__(predictor, outputs, TOLERANCE, deployer)
        self.network = predictor
        self.predict = predict

    @property
    def rows_at_once(self) -> int:
        """The number of rows that are compared at a time."""
        return min(self.network.rows_at_once, super().rows_at_once)

    def run(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return the outputs of the program, labels included."""
        return with_labels(self.network.schema, self.outputs, self.predict(rows))

    def sample(self, rows: pa.Table) -> dict[str, Any]:
        """Return rows as JSON data: the inputs, what mlfw predicts, and the rows themselves.

        Args:
            rows: Rows that conform to the schema.
        """
        predictions = self.network.predict(rows)
        outputs: dict[str, np.ndarray] = {}
        for each in self.outputs:
            outputs |= expected_outputs(self.network, each, predictions)
        inputs = program_inputs(self.network, rows)
        names = [encoder.column for encoder in encoders(self.network)]
        return {
            "inputs": {n: values.tolist() for n, values in zip(names, inputs, strict=True)},
            "outputs": {name: values.tolist() for name, values in outputs.items()},
            "rows": plain_rows(rows),
        }
