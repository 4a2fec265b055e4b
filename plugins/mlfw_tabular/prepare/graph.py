"""A preprocessor as the first part of an ONNX graph: typed columns in, features out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.hints import printable
from mlfw_onnx import Graph, Tensor, arrays
from mlfw_tabular.prepare.block import Block
from mlfw_tabular.prepare.encoder import Encoder, Output

if TYPE_CHECKING:
    from mlfw_tabular.prepare.preprocessor import Preprocessor

ROWS = "rows"


@dataclass(frozen=True)
class GraphFeatures:
    """Prepared rows within a graph, as `Features` are in memory.

    Attributes:
        numbers: float32 [rows, numbers].
        codes: int32 [rows, categories].
        tokens: int32 [rows, length], one a text.
        images: uint8 [rows, channels, height, width], one an image.
    """

    numbers: Tensor
    codes: Tensor
    tokens: tuple[Tensor, ...]
    images: tuple[Tensor, ...]


def add_matrix(graph: Graph, preprocessor: Preprocessor) -> Tensor:
    """Add an input per column and the steps of `Preprocessor.matrix`.

    Args:
        graph: A graph without inputs.
        preprocessor: A fitted preprocessor.

    Returns:
        float64 [rows, features].

    Raises:
        UserError: A column's name cannot stand in an ONNX graph.
    """
    columns = _read_columns(graph, preprocessor.chosen(False))
    parts = [_numbers(block, columns) for block in preprocessor.blocks(False) if block.features]
    if any(size > 1 for size in preprocessor.cardinalities):
        codes = [columns[name] for name in preprocessor.code_names]
        parts.append(_one_hot(codes, preprocessor.cardinalities))
    return arrays.concatenate(parts, axis=1) if parts else _empty(columns).cast("float64")


def add_features(graph: Graph, preprocessor: Preprocessor) -> GraphFeatures:
    """Add an input per column and the steps of `Preprocessor.transform` for networks.

    Args:
        graph: A graph without inputs.
        preprocessor: A fitted preprocessor.

    Raises:
        UserError: A column's name cannot stand in an ONNX graph.
    """
    chosen = preprocessor.chosen(True)
    columns = _read_columns(graph, chosen)
    numbers = [_numbers(block, columns) for block in preprocessor.blocks(True) if block.features]
    codes = [columns[name] for name in preprocessor.code_names]
    return GraphFeatures(
        (arrays.concatenate(numbers, axis=1) if numbers else _empty(columns)).cast("float32"),
        (arrays.stack(codes, axis=1) if codes else _empty(columns)).cast("int32"),
        tuple(columns[e.column] for e in chosen if e.output is Output.tokens),
        tuple(columns[e.column] for e in chosen if e.output is Output.images),
    )


def _read_columns(graph: Graph, encoders: Sequence[Encoder]) -> dict[str, Tensor]:
    """Add an input for each column, and return what its encoder reads."""
    for encoder in encoders:
        if not encoder.column or "\0" in encoder.column:
            raise UserError(
                f"column '{printable(encoder.column)}': a model in ONNX takes no such name.",
                "Give the column another name, and train again.",
            )
    # Add all inputs first, so that generated names avoid theirs.
    inputs = [
        (each, graph.input(each.column, each.input_type, [ROWS, *each.input_shape]))
        for each in encoders
    ]
    return {encoder.column: encoder.add_read(x) for encoder, x in inputs}


def _numbers(block: Block, columns: dict[str, Tensor]) -> Tensor:
    x = arrays.stack([columns[encoder.column] for encoder in block.encoders], axis=1)
    constants = {name: x.graph.constant(array) for name, array in block.constants.items()}
    made: Tensor = block.apply(arrays, x, constants)
    return made.cast("float64")


def _one_hot(codes: Sequence[Tensor], cardinalities: Sequence[int]) -> Tensor:
    """One-hot encode the known categories, float64 [rows, categories of all columns]."""
    parts = [
        each[:, None] == each.graph.integers(range(1, size))
        for each, size in zip(codes, cardinalities, strict=True)
        if size > 1
    ]
    return arrays.concatenate(parts, axis=1).cast("float64")


def _empty(columns: dict[str, Tensor]) -> Tensor:
    """Return an empty tensor, float32 [rows, 0]."""
    some = next(iter(columns.values()))
    rows = some.graph.op("Shape", some, dtype=arrays.int64, start=0, end=1)
    shape = arrays.concatenate([rows, some.graph.integers([0])])
    return some.graph.op("ConstantOfShape", shape, dtype="float32")
