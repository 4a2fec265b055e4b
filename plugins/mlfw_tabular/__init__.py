"""Tables: reading them, inferring their schema, dividing and preparing them.

Plugins may build on:

- `TableDataset` (any source that is one table), `FileDataset` (one that is a file), `checksums` (of
  files) and `memory_bytes` (how much memory a table takes);
- `Preprocessor` (typed columns to `Features`: numbers, codes, tokens and images), `Fitting` (which
  encoder each column gets; `USUAL_FITTING` unless a model says otherwise; `Targets` are what it may
  learn from), `column_options` (what `dataset.prepare`, the key `PREPARE_KEY`, says of a column)
  and `GraphFeatures` (features within an ONNX graph);
- `Encoder` and `SequenceEncoder` (an encoder of one's own, which gives an `Output`; `misfit_error`
  names a row it cannot read), `ImageEncoder` (with `upright` and `ImageError`) and `sample_values`
  (of a column);
- `Augmentation` and `augment` (random changes of images);
- `prepared` (the arrays of a data set, made once and kept, as `Prepared`), whose names are
  `NUMBERS`, `CODES`, `TOKENS`, `IMAGES` and `TARGET`, in the sets `SETS`; `one_hot` and
  `TargetScale`; `Arrays` (arrays in memory or on disk) with `MemoryArrays`, `StoredArrays`,
  `ArrayWriter` and `window_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlfw
from mlfw_tabular import hookspecs
from mlfw_tabular.csv import Csv
from mlfw_tabular.excel import Excel
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet
from mlfw_tabular.table_dataset import TableDataset

if TYPE_CHECKING:
    from types import ModuleType

    from mlfw.components import JobFunction
    from mlfw_tabular.arrays import Arrays, ArrayWriter, MemoryArrays, StoredArrays, window_rows
    from mlfw_tabular.features import (
        CODES,
        IMAGES,
        NUMBERS,
        SETS,
        TARGET,
        TOKENS,
        Prepared,
        TargetScale,
        one_hot,
        prepared,
    )
    from mlfw_tabular.memory import memory_bytes
    from mlfw_tabular.prepare.augment import Augmentation, augment
    from mlfw_tabular.prepare.decode import ImageError, upright
    from mlfw_tabular.prepare.encoder import Encoder, Output, SequenceEncoder
    from mlfw_tabular.prepare.features import Features
    from mlfw_tabular.prepare.fitting import USUAL_FITTING, Fitting, Targets
    from mlfw_tabular.prepare.graph import GraphFeatures
    from mlfw_tabular.prepare.images import ImageEncoder
    from mlfw_tabular.prepare.options import PREPARE_KEY, column_options
    from mlfw_tabular.prepare.pieces import misfit_error
    from mlfw_tabular.prepare.preprocessor import Preprocessor
    from mlfw_tabular.prepare.words import sample_values
    from mlfw_tabular.reading import checksums


@mlfw.hookimpl
def mlfw_hookspecs() -> ModuleType:
    """Add the hook for encoders."""
    return hookspecs


@mlfw.hookimpl
def mlfw_datasets() -> dict[str, type[mlfw.Dataset]]:
    """Register the data sets that are files."""
    return {"csv": Csv, "parquet": Parquet, "jsonl": JsonLines, "excel": Excel}


@mlfw.hookimpl
def mlfw_jobs() -> dict[str, str | JobFunction]:
    """Register the passes over streamed rows."""
    names = ("look", "count", "keys", "divide")
    return {f"tabular_{name}": f"mlfw_tabular.streaming.jobs:{name}" for name in names}


__getattr__ = mlfw.lazy_names(
    __name__,
    {
        "arrays": ["Arrays", "ArrayWriter", "MemoryArrays", "StoredArrays", "window_rows"],
        "features": [
            "CODES",
            "IMAGES",
            "NUMBERS",
            "SETS",
            "TARGET",
            "TOKENS",
            "Prepared",
            "TargetScale",
            "one_hot",
            "prepared",
        ],
        "memory": ["memory_bytes"],
        "prepare.augment": ["Augmentation", "augment"],
        "prepare.decode": ["ImageError", "upright"],
        "prepare.encoder": ["Encoder", "Output", "SequenceEncoder"],
        "prepare.features": ["Features"],
        "prepare.fitting": ["USUAL_FITTING", "Fitting", "Targets"],
        "prepare.graph": ["GraphFeatures"],
        "prepare.images": ["ImageEncoder"],
        "prepare.options": ["PREPARE_KEY", "column_options"],
        "prepare.pieces": ["misfit_error"],
        "prepare.preprocessor": ["Preprocessor"],
        "prepare.words": ["sample_values"],
        "reading": ["checksums"],
    },
)
__all__ = [
    "CODES",
    "IMAGES",
    "NUMBERS",
    "PREPARE_KEY",
    "SETS",
    "TARGET",
    "TOKENS",
    "USUAL_FITTING",
    "ArrayWriter",
    "Arrays",
    "Augmentation",
    "Encoder",
    "Features",
    "FileDataset",
    "Fitting",
    "GraphFeatures",
    "ImageEncoder",
    "ImageError",
    "MemoryArrays",
    "Output",
    "Prepared",
    "Preprocessor",
    "SequenceEncoder",
    "StoredArrays",
    "TableDataset",
    "TargetScale",
    "Targets",
    "augment",
    "checksums",
    "column_options",
    "memory_bytes",
    "misfit_error",
    "one_hot",
    "prepared",
    "sample_values",
    "upright",
    "window_rows",
]
