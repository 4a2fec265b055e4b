"""How large the tensors of a graph become, as a function of the number of rows.

Sizes are followed through the operators that models of mlfw use, without computing anything. What
is not known, or grows faster than the number of rows, is refused: a file of a hundred bytes can
ask for a terabyte.
"""

from __future__ import annotations

from mlfw_onnx.sizes import elements, parts, products, shapes
from mlfw_onnx.sizes.lengths import ROWS, Size, count
from mlfw_onnx.sizes.steps import BYTES_EACH, KNOWN, RULES, Known, Step

RULED = (elements, parts, products, shapes)  # each registers its own rules

__all__ = ["BYTES_EACH", "KNOWN", "ROWS", "RULES", "Known", "Size", "Step", "count"]
