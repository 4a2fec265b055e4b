"""The numeric steps of a preprocessor as a torch module, to be exported with a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_tabular.prepare.encoder import Output
from mlfw_tabular.prepare.preprocessor import Preprocessor

if TYPE_CHECKING:
    from torch import Tensor, nn


def module(preprocessor: Preprocessor, network: bool = False) -> nn.Module:
    """Return a module that computes what `Preprocessor.transform` computes.

    It is called with the columns that `Preprocessor.read` returns, in that order, as tensors,
    and returns a tuple: numbers, float64 [rows, numbers]; codes, int32 [rows, categories]; and
    for a network each text's tokens and each image's pixels as they were given, texts first. It
    can be traced by `torch.export` and `torch.onnx.export(dynamo=True)`. After `.float()` it
    takes float32 columns and computes in single precision, where numbers over 3e38 are missing.

    Args:
        preprocessor: What was fitted.
        network: Whether for networks or for estimators; see `Preprocessor.transform`.
    """
    import torch

    chosen = preprocessor.chosen(network)
    place = {encoder.column: index for index, encoder in enumerate(chosen)}
    apart = [
        place[encoder.column]
        for output in (Output.tokens, Output.images)
        for encoder in chosen
        if encoder.output is output
    ]
    codes = [place[name] for name in preprocessor.code_names]
    blocks = [
        (block, [place[encoder.column] for encoder in block.encoders])
        for block in preprocessor.blocks(network)
    ]

    class Prepare(torch.nn.Module):
        """The steps of every block, with what was learnt as buffers."""

        def __init__(self) -> None:
            super().__init__()
            for number, (block, _) in enumerate(blocks):
                for name, array in block.constants.items():
                    self.register_buffer(f"{name}_{number}", torch.from_numpy(array.copy()))

        def forward(self, *columns: Tensor) -> tuple[Tensor, ...]:
            numbers = [self._numbers(number, columns) for number in range(len(blocks))]
            kept = [columns[index].to(torch.int32) for index in codes]
            empty = columns[0].new_zeros((columns[0].shape[0], 0))
            return (
                torch.cat(numbers, dim=1) if numbers else empty.double(),
                torch.stack(kept, dim=1) if kept else empty.to(torch.int32),
                *(columns[index] for index in apart),
            )

        def _numbers(self, number: int, columns: tuple[Tensor, ...]) -> Tensor:
            block, places = blocks[number]
            x = torch.stack([columns[index] for index in places], dim=1)
            constants = {name: getattr(self, f"{name}_{number}") for name in block.constants}
            made: Tensor = block.apply(_Torch(), x, constants)
            return made

    return Prepare()


class _Torch:
    """Torch as an encoder's step sees it."""

    def __getattr__(self, name: str) -> Any:
        import torch

        return getattr(torch, name)
