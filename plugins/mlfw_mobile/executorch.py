"""A network as a program of ExecuTorch, and its runtime."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw_lightning import export_program, exporting_network, program_inputs, program_notes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_lightning import NetworkPredictor


def phone_program(predictor: NetworkPredictor, row: pa.Table) -> bytes:
    """Return a network, preprocessing included, as a `.pte` file for one row at a time.

    Layers in single precision run by XNNPACK; preprocessing, in double precision, by ExecuTorch's
    own operators.

    Args:
        predictor: The fitted network.
        row: A row that conforms to the schema, to trace it with.

    Raises:
        UserError: The network cannot be exported.
    """
    program = export_program(predictor, row, any_rows=False, deployer="mobile")
    name = type(predictor.network).__name__
    with exporting_network("mobile", name), quiet():
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
        return bytes(lowered.to_executorch().buffer)


def runner(predictor: NetworkPredictor, file: Path) -> Callable[[pa.Table], list[np.ndarray]]:
    """Return what runs a `.pte` file by ExecuTorch's runtime, for any number of rows.

    Args:
        predictor: The network that it was made from.
        file: Holds what `phone_program` returned.
    """
    import numpy as np

    with quiet():
        from executorch.runtime import Runtime

        program = Runtime.get().load_program(file)
        method = program.load_method("forward")

    def run(rows: pa.Table) -> list[np.ndarray]:
        inputs = program_inputs(predictor, rows)
        made: list[list[Any]] = []
        for row in range(rows.num_rows):
            found = method.execute([each[row : row + 1] for each in inputs])
            made.append([values.numpy().copy() for values in found])
        return [np.concatenate(parts) for parts in zip(*made, strict=True)]

    return run


def program_layout(predictor: NetworkPredictor, row: pa.Table) -> tuple[dict[str, Any], ...]:
    """Return the description of each input of a `.pte` file; see `Layout.notes`."""
    notes = program_notes(predictor, program_inputs(predictor, row))
    return tuple({**each, "type": each["dtype"]} for each in notes)


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what libraries write to standard error, those in C++ included."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
