"""NumPy, torch, an exported program and ONNX prepare the same numbers, for every option."""

from __future__ import annotations

import io
import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mlfw import Column, Kind, Schema, Target, Task
from mlfw_tabular import Preprocessor
from mlfw_tabular.prepare import graph
from mlfw_tabular.prepare.numbers import Impute
from mlfw_tabular.prepare.scales import Scale

ort = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

NEAR = 1e-6


def picture(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), (value, 255 - value, value // 2)).save(buffer, "PNG")
    return buffer.getvalue()


PICTURES = [picture(value) for value in (0, 90, 255)]
VALUES: dict[Kind, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    Kind.number: (pa.float64(), st.floats() | st.floats(-100, 100) | st.sampled_from([0.0, 5e-9])),
    Kind.boolean: (pa.bool_(), st.booleans()),
    Kind.datetime: (
        pa.timestamp("us"),
        st.datetimes(datetime(1, 1, 2), datetime(9998, 1, 1)),
    ),
    Kind.category: (pa.string(), st.sampled_from("abcd")),
    Kind.text: (pa.string(), st.text("ab ", max_size=12)),
    Kind.image: (pa.binary(), st.sampled_from(PICTURES)),
}
OPTIONS: dict[Kind, list[dict[str, Any]]] = {
    Kind.number: [
        {"scale": scale.value, "impute": impute.value, "indicator": indicator}
        for scale, impute, indicator in zip(
            [*Scale, Scale.quantile],
            itertools.cycle(Impute),
            itertools.cycle(["always", "never"]),
            strict=False,
        )
    ],
    Kind.boolean: [{}],
    Kind.datetime: [{}, {"parts": ["time"]}, {"parts": ["month", "day", "year"]}],
    Kind.category: [{}, {"min_count": 2}, {"encode": "target"}, {"encode": "target", "most": 1}],
    Kind.text: [{}, {"ngrams": 2}, {"encode": "hash", "buckets": 5}, {"length": 2}],
    Kind.image: [{}, {"channels": 1, "height": 4}],
}
COLUMNS = tuple(
    Column(name=f"{kind} {index}", kind=kind, prepare=options)
    for kind, choices in OPTIONS.items()
    for index, options in enumerate(choices)
)
SCHEMA = Schema(
    columns=COLUMNS,
    targets=(
        Target(column=Column(name="y", kind=Kind.number), task=Task.regression),
        Target(
            column=Column(name="z", kind=Kind.category),
            task=Task.multiclass,
            classes=("u", "v", "w"),
        ),
    ),
)
ROW = st.fixed_dictionaries({kind: st.none() | values for kind, (_, values) in VALUES.items()})
ROWS = st.lists(ROW, min_size=1, max_size=8)


def table(rows: list[dict[Kind, Any]]) -> pa.Table:
    columns = {
        column.name: pa.array([row[column.kind] for row in rows], VALUES[column.kind][0])
        for column in COLUMNS
    }
    order = range(len(rows))
    return pa.table(
        {**columns, "y": [i / 3 for i in order], "z": ["uvw"[i * i % 3] for i in order]}
    )


def training() -> pa.Table:
    random = np.random.default_rng(0)
    return table(
        [
            {
                Kind.number: None if i % 7 == 0 else float(10 * random.normal() ** 3),
                Kind.boolean: [True, False, None][i % 3],
                Kind.datetime: datetime(2020, 1 + i % 12, 1 + i % 28, i % 24),
                Kind.category: "aaabbc"[i % 6],
                Kind.text: ["a b", "b a ab", "ab bb a", None][i % 4],
                Kind.image: PICTURES[i % 3],
            }
            for i in range(60)
        ]
    )


def tensors(preprocessor: Preprocessor, rows: pa.Table, network: bool) -> tuple[Any, ...]:
    return tuple(torch.from_numpy(a) for a in preprocessor.read(rows, network).values())


def agrees(preprocessor: Preprocessor, rows: pa.Table, network: bool, outputs: Any) -> None:
    features = preprocessor.transform(rows, network, "float64")
    numbers, codes, *apart = map(np.asarray, outputs)
    assert np.isfinite(numbers).all()
    np.testing.assert_allclose(numbers, features.numbers, rtol=NEAR, atol=NEAR)
    assert np.array_equal(codes, features.codes)
    expected = [*features.tokens.values(), *features.images.values()]
    assert len(apart) == len(expected)
    assert all(map(np.array_equal, apart, expected))


@given(ROWS, ROWS, st.booleans())
@settings(deadline=None, max_examples=15)
def test_torch_computes_what_numpy_computes(
    train: list[dict[Kind, Any]], later: list[dict[Kind, Any]], network: bool
) -> None:
    preprocessor = Preprocessor.fit(table(train), SCHEMA)
    prepare = graph.module(preprocessor, network)

    for rows in (table(train), table(later)):
        agrees(preprocessor, rows, network, prepare(*tensors(preprocessor, rows, network)))


@pytest.fixture(scope="module")
def exported() -> tuple[Preprocessor, torch.export.ExportedProgram]:
    preprocessor = Preprocessor.fit(training(), SCHEMA)
    return preprocessor, export(preprocessor, training(), network=False)


def export(
    preprocessor: Preprocessor, rows: pa.Table, *, network: bool
) -> torch.export.ExportedProgram:
    columns = tensors(preprocessor, rows, network)
    shapes = (tuple({0: torch.export.Dim.DYNAMIC} for _ in columns),)
    prepare = graph.module(preprocessor, network).eval()
    return torch.export.export(prepare, columns, dynamic_shapes=shapes)


def test_an_exported_program_computes_the_same(
    exported: tuple[Preprocessor, torch.export.ExportedProgram],
) -> None:
    preprocessor, program = exported
    run = program.module()

    @given(ROWS)
    @settings(deadline=None, max_examples=20)
    def same(later: list[dict[Kind, Any]]) -> None:
        rows = table([*later, *later])
        agrees(preprocessor, rows, False, run(*tensors(preprocessor, rows, False)))

    same()


def test_an_exported_program_for_networks_hands_tokens_and_pixels_on() -> None:
    names = ("number 0", "category 0", "text 0", "image 0")
    few = Schema(columns=tuple(map(SCHEMA.column, names)), targets=SCHEMA.targets)
    preprocessor = Preprocessor.fit(training(), few)

    run = export(preprocessor, training(), network=True).module()

    rows = training().slice(5, 9)
    agrees(preprocessor, rows, True, run(*tensors(preprocessor, rows, True)))


def test_onnx_computes_the_same_in_double_precision(
    exported: tuple[Preprocessor, torch.export.ExportedProgram], tmp_path: Path
) -> None:
    preprocessor, program = exported
    torch.onnx.export(program, dynamo=True, verbose=False).save(tmp_path / "prepare.onnx")
    session = ort.InferenceSession(tmp_path / "prepare.onnx")
    names = [given.name for given in session.get_inputs()]

    @given(ROWS)
    @settings(deadline=None, max_examples=30)
    def same(later: list[dict[Kind, Any]]) -> None:
        rows = table([*later, *later])
        columns = preprocessor.read(rows).values()
        agrees(preprocessor, rows, False, session.run(None, dict(zip(names, columns, strict=True))))

    same()


def test_single_precision_is_near_for_usual_values() -> None:
    preprocessor = Preprocessor.fit(training(), SCHEMA)
    prepare = graph.module(preprocessor).float()
    columns = [
        column.float() if column.is_floating_point() else column
        for column in tensors(preprocessor, training(), False)
    ]

    numbers = prepare(*columns)[0]

    assert numbers.dtype == torch.float32
    expected = preprocessor.transform(training()).numbers
    assert np.abs(numbers.numpy() - expected).max() < 1e-2  # a time of day, in days since 1970
