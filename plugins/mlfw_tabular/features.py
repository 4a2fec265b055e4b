"""From splits to the arrays that models learn from, made once and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import RowSplits, Schema, Splits, Task
from mlfw.cache import Cache
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import TRAIN, VALIDATION
from mlfw.files import digest, new_folder, read_json, write_json
from mlfw_tabular.arrays import ArrayWriter, MemoryArrays, StoredArrays
from mlfw_tabular.memory import give_back
from mlfw_tabular.prepare import Features, Preprocessor
from mlfw_tabular.prepare.fitting import USUAL_FITTING, Fitting
from mlfw_tabular.prepare.pieces import Count

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FORMAT = 2
SAMPLE_ROWS = 200_000
SCALES = "scales.json"
NUMBERS, CODES, TARGET = "numbers", "codes", "target"
TOKENS, IMAGES = "tokens/", "images/"
SETS = (TRAIN, VALIDATION)


@dataclass(frozen=True)
class TargetScale:
    """How a regression target is scaled: (value - mean) / deviation."""

    mean: float = 0.0
    deviation: float = 1.0


@dataclass(frozen=True)
class Prepared:
    """Prepared training and validation rows.

    Attributes:
        preprocessor: What prepared them.
        scales: How each target was scaled; classes and labels are not.
        train: Arrays `numbers` (float32 [rows, numbers]), `codes` (int32 [rows, categories]),
            for a network `tokens/COLUMN` (int32 [rows, length]) and `images/COLUMN` (uint8 [rows,
            channels, height, width]), and for each target `target/0`, `target/1`, ...: class
            numbers (int64 [rows]), labels (float32 [rows, labels]) or scaled values (float32
            [rows]).
        validation: The same of the validation rows.
    """

    preprocessor: Preprocessor
    scales: tuple[TargetScale, ...]
    train: StoredArrays | MemoryArrays
    validation: StoredArrays | MemoryArrays


def prepared(
    data: RowSplits,
    *,
    cache: Cache | None,
    folder: Path,
    seed: int,
    network: bool = False,
    fitting: Fitting = USUAL_FITTING,
    progress: Progress = silent,
) -> Prepared:
    """Return a model's training and validation rows as arrays.

    What the cache holds of the same rows and the same preparation is used again.

    Args:
        data: The rows. Those in memory become arrays in memory; those that are streamed are
            written piece by piece and read so too.
        cache: Where to keep the arrays; None to keep none.
        folder: Where to write streamed rows without a cache.
        seed: What out-of-fold encoding follows from.
        network: Whether they are for a network, which takes texts as tokens and images as pixels.
        fitting: How encoders are made for the columns.
        progress: Told how many rows are done, of how many.
    """
    act = partial(_write, data, seed, network, fitting, progress)
    streamed = not isinstance(data, Splits)
    if cache is None or not data.key:
        if isinstance(data, Splits):
            preprocessor, scales, sets = _in_memory(data, seed, network, fitting, progress)
            train, validation = map(MemoryArrays, sets)
            return Prepared(preprocessor, scales, train, validation)
        place = folder / "prepared"
        with new_folder(place) as temporary:
            act(temporary)
        return _open(place, streamed=streamed)
    key = digest(["arrays", FORMAT, data.key, seed, network, fitting.key])
    place = cache.add(key, act)
    return _open(place, streamed=streamed)


def one_hot(arrays: Mapping[str, np.ndarray], cardinalities: tuple[int, ...]) -> np.ndarray:
    """Return what estimators take: numbers, then every category one-hot.

    Args:
        arrays: Some rows of `Prepared.train` or `Prepared.validation`.
        cardinalities: How many codes each category has, the unknown one included.

    Returns:
        float64 [rows, features].
    """
    import numpy as np

    blocks = [arrays[NUMBERS].astype(np.float64)]
    for index, cardinality in enumerate(cardinalities):
        known = np.arange(1, cardinality)
        blocks.append((arrays[CODES][:, index, None] == known).astype(np.float64))
    return np.concatenate(blocks, axis=1)


def _open(folder: Path, *, streamed: bool) -> Prepared:
    stored = [StoredArrays(folder / name) for name in SETS]
    train, validation = stored if streamed else [arrays.load() for arrays in stored]
    scales = tuple(TargetScale(**scale) for scale in read_json(folder / SCALES))
    return Prepared(Preprocessor.load(folder), scales, train, validation)


def _write(
    data: RowSplits,
    seed: int,
    network: bool,
    fitting: Fitting,
    progress: Progress,
    folder: Path,
) -> None:
    if isinstance(data, Splits):
        preprocessor, scales, sets = _in_memory(data, seed, network, fitting, progress)
        for name in SETS:
            with ArrayWriter(folder / name) as writer:
                writer.append(next(sets))
    else:
        sample = data.sample(TRAIN, SAMPLE_ROWS, seed)
        preprocessor = Preprocessor.fit(sample, data.schema, fitting)
        scales = tuple(_scales(sample, data.schema))
        del sample
        for name in SETS:
            count = Count(progress, data.count(name), [name])
            with ArrayWriter(folder / name) as writer:
                for batch in data.batches(name):
                    features = preprocessor.transform(batch, network, dtype="float32")
                    writer.append(_arrays(features, batch, data.schema, scales))
                    count.add(batch.num_rows)
        give_back()
    preprocessor.save(folder)
    write_json(folder / SCALES, [asdict(scale) for scale in scales])


def _in_memory(
    data: Splits, seed: int, network: bool, fitting: Fitting, progress: Progress
) -> tuple[Preprocessor, tuple[TargetScale, ...], Iterator[dict[str, np.ndarray]]]:
    """Learn from the training rows; return them and then the validation rows as arrays."""
    train, validation, schema = data.train, data.validation, data.schema
    scales = tuple(_scales(train, schema))
    preprocessor, features = Preprocessor.fit_transform(
        train, schema, seed, network=network, dtype="float32", fitting=fitting, progress=progress
    )
    learnt = [_arrays(features, train, schema, scales)]
    del features

    def sets() -> Iterator[dict[str, np.ndarray]]:
        yield learnt.pop()  # held by nobody here while the validation rows are prepared
        own = preprocessor.transform(validation, network, "float32", progress)
        yield _arrays(own, validation, schema, scales)

    return preprocessor, scales, sets()


def _scales(rows: pa.Table, schema: Schema) -> Iterator[TargetScale]:
    import numpy as np

    for target in schema.targets:
        if target.task is Task.regression:
            values = np.asarray(rows[target.name])
            yield TargetScale(float(values.mean()), float(values.std()) or 1.0)
        else:
            yield TargetScale()


def _arrays(
    features: Features, rows: pa.Table, schema: Schema, scales: tuple[TargetScale, ...]
) -> dict[str, np.ndarray]:
    import numpy as np

    arrays = {
        NUMBERS: features.numbers.astype(np.float32, copy=False),
        CODES: features.codes.astype(np.int32, copy=False),
        **{f"{TOKENS}{name}": tokens for name, tokens in features.tokens.items()},
        **{f"{IMAGES}{name}": images for name, images in features.images.items()},
    }
    for index, (target, scale) in enumerate(zip(schema.targets, scales, strict=True)):
        single = schema.single(target)
        arrays[f"{TARGET}/{index}"] = _target(rows, single, scale)
    return arrays


def _target(rows: pa.Table, schema: Schema, scale: TargetScale) -> np.ndarray:
    import numpy as np

    if schema.task.is_classification:
        return np.array(schema.codes(rows))
    if schema.task is Task.multilabel:
        held = schema.indicators(rows)
        return np.array(held.flatten(), dtype=np.float32).reshape(len(held), -1)
    values = (np.asarray(rows[schema.target.name]) - scale.mean) / scale.deviation
    return values.astype(np.float32)
