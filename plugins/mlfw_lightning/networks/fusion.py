"""The base of networks on a table: an encoder of the columns, a body, and a linear head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.onnx_layers import add_module

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor
    from mlfw_tabular import GraphFeatures


class Fusion(nn.Module):
    """A network that fuses one encoder for each kind of column.

    Attributes:
        columns: Called with `Inputs`; what it returns goes into the body.
        body: Makes features of it.
        head: Makes scores of the features, all targets' in order.
    """

    def __init__(self, columns: Encoder, body: nn.Sequential, *, width: int, outputs: int) -> None:
        """Take the parts.

        Args:
            columns: Encodes the columns of a row.
            body: What follows, block by block; may be empty.
            width: How many features it makes of a row.
            outputs: How many scores a row gets.
        """
        super().__init__()
        self.columns = columns
        self.body = body
        self.head = nn.Linear(width, outputs)

    def features(self, inputs: Inputs) -> Tensor:
        """Return what the head sees, float32 [rows, width]."""
        features: Tensor = self.body(self.columns(inputs))
        return features

    def forward(self, inputs: Inputs) -> Tensor:
        """Return scores, float32 [rows, outputs]."""
        scores: Tensor = self.head(self.features(inputs))
        return scores

    def add_to_graph(self, features: GraphFeatures) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        return add_module(self.head, add_module(self.body, add_module(self.columns, features)))

    def blocks(self) -> list[nn.Module]:
        """Return the parts that learn, from the input to the output, without the head.

        Each parameter that is not the head's is in one of them.
        """
        parts = [*self.columns.blocks(), *self.body]
        return [part for part in parts if next(part.parameters(), None) is not None]
