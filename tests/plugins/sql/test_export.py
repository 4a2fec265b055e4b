"""A model as one SELECT predicts in databases what mlfw predicts."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from conftest import Mlfw, write_small_csv
from mixed_table import PREPARE, TARGETS, mixed_table, odd_rows
from mlfw import FitContext, LoadContext, Schema, Splits, UserError
from mlfw.files import write_text
from mlfw.plugins.builtin import NoTrainer
from mlfw_onnx.portable import made_up_rows
from mlfw_sklearn import Estimator
from mlfw_sklearn.graphs import shares as graphs
from mlfw_sklearn.models import SVM, Boosting, Forest, Linear, Tree
from mlfw_sql.select import Sql
from mlfw_sql.select.expressions import identifier
from mlfw_sql.select.made import Made, made_of, tree_nodes
from mlfw_sql.select.parity import SqliteParity, columns_read, create_table
from mlfw_sql.select.readme import planning
from mlfw_sql.select.trees import largest_rounded
from mlfw_tabular.parquet import Parquet

from .conftest import Server

TABLE = '"rows"'
ODD = ["it's", 'a "b"', "ü; --", "", "\\", "line\nbreak"]


def splits(folder: Path, targets: tuple[str, ...]) -> Splits:
    """Return a table of all kinds but texts, with odd names of categories."""
    file = folder / "rows.parquet"
    table = mixed_table().drop_columns(["remark", *(t for t in TARGETS if t not in targets)])
    odd = pa.array([ODD[number % len(ODD)] for number in range(table.num_rows)])
    pq.write_table(table.append_column('odd "name" -- ü', odd), file)
    prepare = {name: each for name, each in PREPARE.items() if name != "remark"}
    columns = {"city": "category", 'odd "name" -- ü': "category"}
    data = Parquet(path=[str(file)], target=list(targets), columns=columns, prepare=prepare)
    loaded = data.load(LoadContext())
    assert isinstance(loaded, Splits)
    return loaded


def parity(model: Estimator, data: Splits, folder: Path) -> SqliteParity:
    """Return a model's statement, ready to be compared."""
    context = FitContext(trainer=NoTrainer(), seed=0, folder=folder, report=lambda *_: None)
    predictor = model.fit(data, context)
    made = made_of(predictor.to_onnx(), data.schema, TABLE, ["id"])
    return compared(predictor, made)


def compared(predictor: Any, made: Made) -> SqliteParity:
    return SqliteParity(
        predictor,
        made.outputs,
        1e-9,
        "sql",
        statement=made.statement,
        table=TABLE,
        columns=made.columns,
        keep=made.keep,
    )


def all_rows(own: SqliteParity, data: Splits) -> pa.Table:
    """Return made-up rows, extremes and test rows."""
    schema = data.schema
    odd = odd_rows().append_column('odd "name" -- ü', pa.array([*ODD[:4], None]))
    made_up = made_up_rows(own.predictor, own.predictor.to_onnx())
    tables = [made_up, mlfw.conform(odd, schema), mlfw.conform(data.test, schema)]
    plain = [pa.Table.from_pylist([*t.to_pylist()], schema=_plain(schema)) for t in tables]
    return mlfw.conform(pa.concat_tables(plain), schema)


def _plain(schema: Schema) -> pa.Schema:
    types = {"number": pa.float64(), "boolean": pa.bool_(), "datetime": pa.timestamp("us")}
    return pa.schema([(c.name, types.get(c.kind.value, pa.string())) for c in schema.columns])


def stored(rows: pa.Table) -> list[list[Any]]:
    """Return rows for a database, NaN as a missing value."""
    return [
        [None if isinstance(each, float) and math.isnan(each) else each for each in row.values()]
        for row in rows.to_pylist()
    ]


MODELS = [
    (Tree(), ("kind", "price", "tags", "answer")),
    (Linear(), ("kind", "price", "tags", "answer")),
    (Boosting(iterations=8), ("kind", "price")),
    (Forest(trees=5), ("kind", "price", "answer")),
    (SVM(), ("price",)),
]


@pytest.fixture(scope="module", params=MODELS, ids=lambda each: type(each[0]).__name__)
def fitted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SqliteParity, pa.Table]:
    folder = tmp_path_factory.mktemp("fit")
    model, targets = request.param
    data = splits(folder, targets)
    own = parity(model, data, folder)
    return own, all_rows(own, data)


def test_sqlite_predicts_the_same(fitted: tuple[SqliteParity, pa.Table]) -> None:
    own, rows = fitted

    own.check(rows, "test")

    assert own.largest < 1e-12


def test_duckdb_predicts_what_sqlite_does(fitted: tuple[SqliteParity, pa.Table]) -> None:
    own, rows = fitted
    schema = own.predictor.schema
    with closing(duckdb.connect()) as connection:
        connection.execute(create_table(TABLE, read_as_doubles(schema)))
        plain = rows.cast(_plain(schema))  # noqa: F841 - DuckDB reads it by its name
        connection.execute(f"INSERT INTO {TABLE} SELECT *, 0 FROM plain")
        cursor = connection.execute(own.statement)
        names = [each[0] for each in cursor.description or ()]
        found = dict(zip(names, zip(*cursor.fetchall(), strict=True), strict=True))

    assert_same(own, rows, found)


@pytest.mark.slow
def test_postgresql_predicts_what_sqlite_does(
    fitted: tuple[SqliteParity, pa.Table], postgresql: Server
) -> None:
    own, rows = fitted
    schema = own.predictor.schema
    marks = ", ".join(["%s"] * len(schema.names))
    names = ", ".join(map(identifier, schema.names))
    with postgresql.connect() as connection:
        connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
        connection.execute(create_table(TABLE, read_as_doubles(schema)))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {TABLE} ({names}) VALUES ({marks})", stored(rows))
            cursor.execute(own.statement)
            found_names = [each.name for each in cursor.description or ()]
            found = dict(zip(found_names, zip(*cursor.fetchall(), strict=True), strict=True))
        connection.execute(f"DROP TABLE {TABLE}")

    assert_same(own, rows, found)


def read_as_doubles(schema: Schema) -> dict[str, str]:
    """Return the columns' types; doubles for whole numbers, as the rows hold 1e300."""
    types = columns_read(schema, ["id"])
    return {n: t.replace("BIGINT", "DOUBLE PRECISION") for n, t in types.items()}


def assert_same(own: SqliteParity, rows: pa.Table, found: dict[str, Any]) -> None:
    expected = own.run(rows)
    for name, columns in own.columns.items():
        wanted = np.asarray(expected[name]).reshape(rows.num_rows, -1)
        for place, column in enumerate(columns):
            if wanted.dtype == float:
                np.testing.assert_allclose(found[column], wanted[:, place], rtol=1e-9, atol=1e-9)
            else:
                assert list(found[column]) == wanted[:, place].tolist()


@pytest.mark.parametrize("bytes_of_table", [0, 16_000_000], ids=["scattered", "table"])
def test_a_forest_in_parts_predicts_the_same(
    bytes_of_table: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "TABLE_BYTES", bytes_of_table)
    monkeypatch.setattr(graphs, "AT_ONCE", 8)
    data = splits(tmp_path, ("kind",))

    own = parity(Forest(trees=7), data, tmp_path)

    own.check(all_rows(own, data), "test")


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(split=finite, near=st.integers(-2, 2))
def test_a_threshold_for_doubles_is_that_of_their_rounding_to_single_precision(
    split: float, near: int
) -> None:
    most = largest_rounded(split)
    value = most
    for _ in range(abs(near)):
        value = float(np.nextafter(value, math.copysign(math.inf, near)))

    with np.errstate(over="ignore"):
        assert (value <= most) == (float(np.float32(value)) <= split)


moments = st.datetimes(datetime(1583, 1, 1), datetime(9999, 12, 31))


@settings(max_examples=20, deadline=None)
@given(moments=st.lists(moments, min_size=1, max_size=30))
def test_dates_are_read_exactly(moments: list[datetime]) -> None:
    from mlfw import Column, Kind
    from mlfw_sql.select.inputs import read
    from mlfw_sql.select.steps import Steps
    from mlfw_tabular.prepare.datetimes import read_days

    steps = Steps()
    days = read(Column(name="seen", kind=Kind.datetime), steps)
    statement = steps.statement(TABLE, [], {"days": days})
    texts = [(moment.isoformat(" "),) for moment in moments]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE rows (seen TIMESTAMP)")
        connection.executemany("INSERT INTO rows VALUES (?)", texts)
        found = [row[0] for row in connection.execute(statement)]

    expected = read_days(pa.array(moments, pa.timestamp("us")))
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run `tree`."""
    home = tmp_path_factory.mktemp("home")
    write_small_csv(home / "small.csv")
    data = [f"dataset.path={home / 'small.csv'}", "dataset.target=good"]
    run = ["model=tree", "run.name=tree", f"run.folder={home / 'runs'}"]
    mlfw.run(None, ["dataset=csv", *data, *run])
    return home


def test_the_export_is_a_folder_that_sqlite_understands(home: Path, mlfw_here: Mlfw) -> None:
    options = ["deployer.table=shop.fruit", "deployer.keep=[id]"]
    done = mlfw_here("export", home / "runs/tree", "--to", "sql", "-o", home / "out", *options)

    assert done.returncode == 0, done.stderr
    assert "labels are equal" in done.stdout
    names = sorted(path.name for path in (home / "out").iterdir())
    assert names == ["README.md", "card.json", "card.md", "model.sql", "sample.json", "schema.json"]
    readme = (home / "out/README.md").read_text()
    assert 'CREATE TABLE "shop"."fruit"' in readme
    sample = json.loads((home / "out/sample.json").read_text())
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("ATTACH ':memory:' AS shop")
        connection.execute(readme.split("```sql\n")[1].split(";\n```")[0])
        columns = list(sample["rows"][0])
        marks = ", ".join("?" * len(columns))
        quoted = ", ".join(map(identifier, columns))
        connection.executemany(
            f'INSERT INTO shop.fruit ({quoted}, "id") VALUES ({marks}, 7)',
            [list(row.values()) for row in sample["rows"]],
        )
        cursor = connection.execute((home / "out/model.sql").read_text())
        names = [each[0] for each in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor]
    assert found == [{"id": 7, **row} for row in sample["predictions"]]


def test_a_statement_that_was_not_written_as_it_should_be_is_noticed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, text: str) -> None:
        write_text(path, text.replace("<=", ">") if path.suffix == ".sql" else text)

    monkeypatch.setattr("mlfw_sql.select.deployer.write_text", write)

    with pytest.raises(UserError, match=r"deployer=sql: .* predict differently: sample row 2,"):
        Sql().deploy(home / "runs/tree/model", tmp_path, "tree")
    assert list(tmp_path.iterdir()) == []


def test_many_nodes_are_said_with_the_time_that_they_take() -> None:
    (sentence,) = planning(56_852)

    assert "holds 56,852 nodes of trees, so DuckDB takes about 13 s to plan it" in sentence
    assert planning(9_999) == ()


def test_the_nodes_of_a_statement_are_those_of_its_trees(
    fitted: tuple[SqliteParity, pa.Table],
) -> None:
    estimators = getattr(fitted[0].predictor, "estimators", ())
    trees = [each.tree_ for each in estimators if hasattr(each, "tree_")]
    nodes = tree_nodes(fitted[0].predictor.to_onnx())

    assert nodes == sum(int((tree.children_left >= 0).sum()) for tree in trees) or not trees


def test_the_warning_is_on_screen_and_in_the_readme(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_sql.select.readme.MANY_NODES", 1)

    made = Sql().deploy(home / "runs/tree/model", tmp_path, "tree")

    assert "nodes of trees, so DuckDB takes about" in made.notes[1]
    assert made.notes[1] in (tmp_path / "README.md").read_text()


def test_a_model_of_texts_is_refused_with_what_it_has(home: Path, mlfw_here: Mlfw) -> None:
    table = mixed_table().select(["amount", "remark", "price"])
    pq.write_table(table, home / "texts.parquet")
    data = ["dataset=parquet", f"dataset.path={home / 'texts.parquet'}", "dataset.target=price"]
    run = ["model=linear", "run.name=texts", f"run.folder={home / 'runs'}"]
    mlfw.run(None, [*data, "dataset.columns.remark=text", *run])

    done = mlfw_here("export", home / "runs/texts", "--to", "sql", "-o", home / "no")

    assert done.returncode == 2
    assert "SQL has no form of model=linear: text columns such as 'remark'" in done.stderr
    assert "export texts --to onnx" in done.stderr
    assert not (home / "no").exists()
