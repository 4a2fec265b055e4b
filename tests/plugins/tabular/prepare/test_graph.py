"""NumPy and ONNX prepare the same numbers, for every option."""

from __future__ import annotations

import io
import itertools
from datetime import datetime
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mlfw import Column, Kind, Schema, Target, Task, UserError
from mlfw_onnx import Graph
from mlfw_tabular import Preprocessor
from mlfw_tabular.prepare.datetimes import ROUNDING
from mlfw_tabular.prepare.numbers import Impute
from mlfw_tabular.prepare.scales import Scale

NEAR, NEAR_SINGLE = 1e-13, 1e-6


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


class Prepared:
    """A preprocessor, and what its ONNX graph computes.

    Args:
        preprocessor: What was fitted.
        network: Whether the graph is for networks.
    """

    def __init__(self, preprocessor: Preprocessor, network: bool) -> None:
        graph = Graph()
        self.preprocessor, self.network = preprocessor, network
        if network:
            made = preprocessor.graph_features(graph)
            tensors = [made.numbers, made.codes, *made.tokens, *made.images]
            ranks = [2] * (2 + len(made.tokens)) + [4] * len(made.images)
        else:
            tensors, ranks = [preprocessor.graph_matrix(graph)], [2]
        for place, (tensor, rank) in enumerate(zip(tensors, ranks, strict=True)):
            graph.output(tensor, f"made {place}", [None] * rank)
        model = graph.model("prepare")
        onnx.checker.check_model(model)
        self.session = ort.InferenceSession(model.SerializeToString())

    def check(self, rows: pa.Table) -> None:
        feeds = self.preprocessor.feeds(rows, self.network)
        for name, column in feeds.items():
            assert column.shape[1:] == tuple(self.session_input(name).shape[1:])
        found = self.session.run(None, feeds)
        if self.network:
            features = self.preprocessor.transform(rows, network=True)
            wanted = [features.numbers, features.codes]
            wanted += [*features.tokens.values(), *features.images.values()]
        else:
            wanted = [self.preprocessor.matrix(rows)]
        for own, expected in zip(found, wanted, strict=True):
            assert own.dtype == expected.dtype
            near = NEAR_SINGLE if own.dtype == np.float32 else NEAR
            np.testing.assert_allclose(own, expected, rtol=near, atol=max(near, 1.01 / ROUNDING))

    def session_input(self, name: str) -> Any:
        return next(each for each in self.session.get_inputs() if each.name == name)


estimators_and_networks = pytest.mark.parametrize("network", [False, True])


@estimators_and_networks
@given(ROWS, ROWS)
@settings(deadline=None, max_examples=3)
def test_a_graph_computes_what_numpy_computes(
    network: bool, train: list[dict[Kind, Any]], later: list[dict[Kind, Any]]
) -> None:
    prepared = Prepared(Preprocessor.fit(table(train), SCHEMA), network)

    prepared.check(table(train))
    prepared.check(table(later))


@pytest.fixture(scope="module", params=[False, True], ids=["estimators", "networks"])
def usual(request: pytest.FixtureRequest) -> Prepared:
    return Prepared(Preprocessor.fit(training(), SCHEMA), request.param)


@given(ROWS)
@settings(deadline=None, max_examples=10)
def test_a_graph_computes_the_same_for_later_rows(
    usual: Prepared, later: list[dict[Kind, Any]]
) -> None:
    usual.check(table(later))


def test_a_graph_takes_any_number_of_rows(usual: Prepared) -> None:
    for count in (0, 1, 60):
        usual.check(training().slice(0, count))


@estimators_and_networks
@pytest.mark.parametrize("kind", Kind)
def test_a_table_of_one_kind_of_columns_is_enough(kind: Kind, network: bool) -> None:
    columns = tuple(column for column in COLUMNS if column.kind is kind)[:2]
    if columns:
        schema = Schema(columns=columns, targets=SCHEMA.targets)
        Prepared(Preprocessor.fit(training(), schema), network).check(training())


CATEGORY = Schema.of(
    (Column(name="c", kind=Kind.category),), Column(name="y", kind=Kind.number), Task.regression
)


def categories(*values: str | None) -> pa.Table:
    return pa.table({"c": pa.array(values, pa.string()), "y": np.arange(float(len(values)))})


@pytest.mark.parametrize(
    ("values", "missing"),
    [(("a", None), ""), (("a", "", None), "missing"), (("", "missing", None), "missing_2")],
)
def test_a_missing_category_is_never_one_that_was_learnt(
    values: tuple[str | None, ...], missing: str
) -> None:
    prepared = Prepared(Preprocessor.fit(categories(*values), CATEGORY), False)
    notes = prepared.preprocessor.input_notes()["c"]

    prepared.check(categories(*values, "another"))

    assert notes["missing"] == missing
    assert prepared.session.run(None, {"c": np.array([missing], object)})[0].tolist() == [
        [0.0] * len(notes["categories"])
    ]


def test_categories_that_were_all_missing_are_no_features() -> None:
    prepared = Prepared(Preprocessor.fit(categories(None, None), CATEGORY), False)

    prepared.check(categories("a", None))


def test_columns_may_be_called_anything() -> None:
    names = [
        "a b",
        "x.y",
        "it's",
        'say "no"',
        "größe",
        "价格",
        "mlfw/1",
        "mlfw/2",
        "made 1",
        "[0]/-1",
    ]
    columns = tuple(Column(name=name, kind=Kind.number) for name in names)
    schema = Schema.of(columns, Column(name="y", kind=Kind.number), Task.regression)
    rows = pa.table({name: np.arange(3.0) + i for i, name in enumerate([*names, "y"])})

    prepared = Prepared(Preprocessor.fit(rows, schema), False)

    assert [each.name for each in prepared.session.get_inputs()] == names
    prepared.check(rows)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_no_graph_takes_is_refused(name: str) -> None:
    schema = Schema.of(
        (Column(name=name, kind=Kind.number),), Column(name="y", kind=Kind.number), Task.regression
    )
    preprocessor = Preprocessor.fit(pa.table({name: [1.0], "y": [1.0]}), schema)

    with pytest.raises(UserError, match="takes no such name"):
        preprocessor.graph_matrix(Graph())


def test_booleans_dates_and_numbers_are_fed_as_numbers() -> None:
    day = datetime(2020, 1, 1, 12)
    rows = table([dict.fromkeys(VALUES), {**dict.fromkeys(VALUES), Kind.boolean: True,
                  Kind.datetime: day, Kind.number: 0.5, Kind.category: "a"}])  # fmt: skip
    feeds = Preprocessor.fit(training(), SCHEMA).feeds(rows)

    assert np.array_equal(feeds["boolean 0"], [np.nan, 1], equal_nan=True)
    assert np.array_equal(feeds["datetime 0"], [np.nan, 18262.5], equal_nan=True)
    assert np.array_equal(feeds["number 0"], [np.nan, 0.5], equal_nan=True)
    assert feeds["category 0"].tolist() == ["", "a"]
