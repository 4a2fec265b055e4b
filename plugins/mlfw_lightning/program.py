"""A network, its preprocessing and its heads as one module of tensors, and as an exported program.

Reading columns stays outside: categories go in as codes, texts as numbers of words, images as
pixels. All that follows is the code that prepares rows in memory, run with torch as its array
module.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from mlfw import Predictor, UserError
from mlfw.schema.cast import CastError
from mlfw.schema.whole import whole
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.portable import native
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_onnx import TargetOutputs, formats_of, input_notes
from mlfw_tabular import Encoder, Output, misfit_error

if TYPE_CHECKING:
    import pyarrow as pa
    from torch.export import ExportedProgram

    from mlfw.pipeline.saved_model import SavedModel

ROWS = 3
NOISY = (
    "torch.export",
    "torch._export",
    "torch.fx",
    "torch.utils._pytree",
    "torchao",
    "executorch",
    "root",
)


class WholeNetwork(nn.Module):
    """A network that takes columns and returns predictions, preprocessing included.

    Columns go in by place, not by name: torch writes names into code that it runs when a program is
    loaded.

    Args:
        predictor: The fitted network.
    """

    def __init__(self, predictor: NetworkPredictor) -> None:
        super().__init__()
        preprocessor = predictor.preprocessor
        chosen = preprocessor.chosen(True)
        self.names = [each.column for each in chosen]
        self.network = predictor.network
        self.heads = predictor.heads
        self.blocks = [block for block in preprocessor.blocks(True) if block.features]
        self.codes = preprocessor.code_names
        self.texts = [each.column for each in chosen if each.output is Output.tokens]
        self.images = [each.column for each in chosen if each.output is Output.images]
        self.constants: list[dict[str, str]] = []
        for place, block in enumerate(self.blocks):
            names = {name: f"block_{place}_{name}" for name in block.constants}
            for name, array in block.constants.items():
                self.register_buffer(names[name], torch.from_numpy(np.array(array)))
            self.constants.append(names)

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return probabilities or predicted values.

        Args:
            inputs: The columns, as `program_inputs` makes them.

        Returns:
            One tensor per target: for classification and multi-label probabilities, float64 [rows,
            classes]; for regression values, float64 [rows].
        """
        some = inputs[0]
        columns = dict(zip(self.names, inputs, strict=True))
        numbers = [self._numbers(place, columns) for place in range(len(self.blocks))]
        codes = [columns[name] for name in self.codes]
        empty = some.new_zeros((some.shape[0], 0), dtype=torch.float32)
        scores = self.network(
            Inputs(
                torch.cat(numbers, dim=1).float() if numbers else empty,
                torch.stack(codes, dim=1) if codes else empty.int(),
                tuple(columns[name] for name in self.texts),
                tuple(columns[name] for name in self.images),
            )
        ).double()
        made, start = [], 0
        for head in self.heads:
            made.append(head.prediction(torch, scores[:, start : start + head.outputs]))
            start += head.outputs
        return tuple(made)

    def _numbers(self, place: int, columns: Mapping[str, Tensor]) -> Tensor:
        block = self.blocks[place]
        x = torch.stack([columns[encoder.column] for encoder in block.encoders], dim=1)
        constants = {name: getattr(self, held) for name, held in self.constants[place].items()}
        made: Tensor = block.apply(torch, x, constants)
        return made.double()


def network_of(saved: SavedModel, deployer: str) -> NetworkPredictor:
    """Return the network of a saved model.

    Raises:
        UserError: It is no network; the message says in which formats it can be exported.
    """
    predictor = native(saved).predictor
    if isinstance(predictor, NetworkPredictor):
        return predictor
    has_onnx = type(saved.predictor).to_onnx is not Predictor.to_onnx
    formats = "no other format"
    if has_onnx:
        notes = input_notes(saved.predictor.to_onnx()).values()
        formats = f"the formats {formats_of(notes, network=False)}"
    raise UserError(
        f"deployer={deployer}: a model={saved.use} is not a PyTorch network; this model has "
        f"{formats}.",
        "Name another format, such as --to onnx, or train one of model=mlp, resnet, "
        "ft_transformer, cnn or transformer.",
    )


def target_outputs(predictor: NetworkPredictor) -> tuple[TargetOutputs, ...]:
    """Return the outputs of each target."""
    return TargetOutputs.named(predictor.schema, {e.column for e in encoders(predictor)})


def encoders(predictor: NetworkPredictor) -> tuple[Encoder, ...]:
    """Return what reads each input, in the order of the inputs."""
    return predictor.preprocessor.chosen(True)


def program_inputs(predictor: NetworkPredictor, rows: pa.Table) -> tuple[Tensor, ...]:
    """Return rows as the inputs of a `WholeNetwork`, one tensor per column.

    Numbers, booleans and dates are float64 [rows], with NaN where a value is missing; categories
    int32 or int64 [rows], with 0 for an unknown or a missing one; texts int32 [rows, length];
    images uint8 [rows, channels, height, width].

    Args:
        predictor: The fitted network.
        rows: Rows that conform to the schema.

    Raises:
        UserError: An image cannot be read.
    """
    made = []
    for encoder in encoders(predictor):
        try:
            read = encoder.read(whole(rows[encoder.column]))
        except CastError as misfit:
            raise misfit_error(encoder.column, misfit.row, misfit) from None
        made.append(torch.from_numpy(np.array(read)))
    return tuple(made)


def export_program(
    predictor: NetworkPredictor, rows: pa.Table, *, any_rows: bool, deployer: str
) -> ExportedProgram:
    """Return a network, preprocessing included, as a program of `torch.export`.

    Args:
        predictor: The fitted network.
        rows: Rows that conform to the schema, to trace it with.
        any_rows: Whether it takes any number of rows, or just as many as are traced.
        deployer: The name of the deployer that exports, for messages.

    Raises:
        UserError: torch cannot export the network.
    """
    inputs = program_inputs(predictor, rows)
    dynamic: Any = {0: torch.export.Dim("rows", min=1)}
    shapes = {"inputs": (dynamic,) * len(inputs)} if any_rows else None
    module = WholeNetwork(predictor).eval()
    name = type(predictor.network).__name__
    with exporting_network(deployer, name), torch.no_grad():
        return torch.export.export(module, (inputs,), dynamic_shapes=shapes)


@contextmanager
def exporting_network(deployer: str, name: str) -> Iterator[None]:
    """Silence exporters' own messages and name a network that cannot be exported.

    Raises:
        UserError: The code within raised an error.
    """
    before = {each: logging.getLogger(each).level for each in NOISY}
    try:
        for each in NOISY:
            logging.getLogger(each).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except Exception as error:
        logging.getLogger("mlfw").info("exporting a network", exc_info=True)
        reason = (str(error).strip().splitlines() or [""])[0]
        raise UserError(
            f"deployer={deployer}: {name}: this network cannot be exported: "
            f"{type(error).__name__}: {reason}",
            "Export it with --to onnx, or train one of model=mlp, resnet or ft_transformer.",
        ) from error
    finally:
        for each, level in before.items():
            logging.getLogger(each).setLevel(level)


def program_notes(predictor: NetworkPredictor, inputs: Sequence[Tensor]) -> list[dict[str, Any]]:
    """Return descriptions of the inputs, as JSON data, in the inputs' order.

    `holds`, `missing`, `usual`, `spread`, `categories` and so on are those of
    `Encoder.input_notes`, but a category is given as its place in `categories`, counted from 1.

    Args:
        predictor: The fitted network.
        inputs: Some rows as inputs; see `program_inputs`.
    """
    made = []
    for encoder, tensor in zip(encoders(predictor), inputs, strict=True):
        column = predictor.schema.column(encoder.column)
        notes = encoder.input_notes()
        if "categories" in notes:
            notes |= {
                "holds": "a category as its place in `categories`, counted from 1; 0 is any other",
                "missing": 0,
            }
        made.append(
            {
                "name": encoder.column,
                "kind": column.kind.value,
                **({"written": column.format} if column.format else {}),
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "shape": list(tensor.shape[1:]),
                **notes,
            }
        )
    return made
