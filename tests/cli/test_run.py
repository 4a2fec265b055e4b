"""The whole way, typed as a user types it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import mlfw as mlfw_api
from conftest import ROOT, Mlfw, write_small_csv

DATA = ("dataset=csv", "dataset.path=small.csv", "dataset.target=good")
MODELS = ("tree", "forest", "boosting", "svm", "linear", "mlp")


@pytest.mark.parametrize(
    ("model", "name", "metric"),
    [
        pytest.param(
            model, name, metric, marks=() if place % 3 == task else pytest.mark.slow
        )  # each family once, each task twice; the others are slow
        for place, model in enumerate(MODELS)
        for task, (name, metric) in enumerate(
            [("breast_cancer", "accuracy"), ("iris", "accuracy"), ("diabetes", "rmse")]
        )
    ],
)
def test_one_key_changes_the_family_for_every_task(
    model: str, name: str, metric: str, tmp_path: Path, mlfw: Mlfw
) -> None:
    result = mlfw("run", "dataset=sklearn", f"dataset.name={name}", f"model={model}", "run.dir=r")

    assert result.returncode == 0, result.stderr
    metrics = json.loads((tmp_path / "r/metrics.json").read_text())
    assert set(metrics) == {"validation", "test", "baseline"}
    ours, baseline = metrics["test"][metric], metrics["baseline"][metric]
    if metric == "accuracy":
        assert ours > 0.85 > baseline
    else:
        assert ours < 0.95 * baseline
    assert f"model     {model}" in result.stdout
    assert metric in result.stdout


def test_the_demo_ends_with_metrics_a_baseline_the_place_and_what_to_type_next(
    tmp_path: Path, mlfw: Mlfw
) -> None:
    result = mlfw("run", ROOT / "examples/penguins/run.yaml")

    assert result.returncode == 0, result.stderr
    (run,) = (tmp_path / "runs").iterdir()
    for fragment in ("tree", "baseline", "accuracy", f"runs/{run.name}", "mlfw serve"):
        assert fragment in result.stdout
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.85 > metrics["baseline"]["accuracy"]
    assert sum(map(sum, metrics["test"]["confusion_matrix"])) == 69


def test_every_model_gets_the_same_split(tmp_path: Path, small_csv: Path, mlfw: Mlfw) -> None:
    for model in ("tree", "linear"):
        assert mlfw("run", *DATA, f"model={model}", f"run.dir={model}").returncode == 0

    for split in ("train", "validation", "test"):
        tree, linear = (
            feather.read_table(tmp_path / model / f"data/{split}.arrow")
            for model in ("tree", "linear")
        )
        assert tree.equals(linear)


def test_the_same_seed_gives_the_same_result(tmp_path: Path, small_csv: Path, mlfw: Mlfw) -> None:
    for name in ("a", "b"):
        mlfw("run", *DATA, "model=forest", f"run.dir={name}")

    first, second = ((tmp_path / n / "metrics.json").read_bytes() for n in ("a", "b"))
    assert first == second


@pytest.fixture
def mlfw(mlfw_here: Mlfw) -> Mlfw:
    return mlfw_here


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run named first and its data."""
    folder = tmp_path_factory.mktemp("first")
    write_small_csv(folder / "small.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        mlfw_api.run(None, [*DATA, "model=tree", "run.name=first"])
    return folder


@pytest.fixture
def trained(first: Path, tmp_path: Path) -> None:
    """That run and its data in the current folder."""
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)


@pytest.mark.usefixtures("trained")
def test_predict_reads_and_writes_by_suffix(tmp_path: Path, mlfw: Mlfw) -> None:
    import pyarrow.csv as pv

    pq.write_table(pv.read_csv(tmp_path / "small.csv"), tmp_path / "small.parquet")
    with (tmp_path / "small.csv").open() as file:
        lines = [json.dumps(row) for row in csv.DictReader(file)]
    (tmp_path / "small.jsonl").write_text("\n".join(lines))

    for source, out in (("csv", "jsonl"), ("parquet", "csv"), ("jsonl", "parquet")):
        result = mlfw("predict", "first", f"small.{source}", "-o", f"out.{out}")
        assert result.returncode == 0, result.stderr

    from_csv = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    with (tmp_path / "out.csv").open() as file:
        from_parquet = list(csv.DictReader(file))
    from_jsonl = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert list(from_csv[0]) == ["prediction", "probability_bad", "probability_good"]
    assert from_csv == from_jsonl
    assert [row["prediction"] for row in from_parquet] == [row["prediction"] for row in from_csv]


def test_predict_reads_as_the_run_read(tmp_path: Path, mlfw: Mlfw) -> None:
    rows = [f"{i % 9};{'ü' if i % 2 else 'o'};{i % 2}" for i in range(60)]
    (tmp_path / "n.csv").write_bytes(("x;z;y\n" + "\n".join(rows) + "\n").encode("latin-1"))
    options = ("dataset.delimiter=;", "dataset.encoding=latin-1")

    mlfw("run", "dataset=csv", "dataset.path=n.csv", "dataset.target=y", "run.name=n", *options)

    assert len(mlfw("predict", "n", "n.csv").stdout.splitlines()) == 61
    assert mlfw("evaluate", "n", "n.csv").returncode == 0


@pytest.mark.usefixtures("trained")
def test_predict_without_out_prints_csv(mlfw: Mlfw) -> None:
    lines = mlfw("predict", "latest", "small.csv").stdout.splitlines()

    assert lines[0].replace('"', "") == "prediction,probability_bad,probability_good"
    assert len(lines) == 41


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("file", "out", "fragments"),
    [
        ("size\n1\n", "o.csv", ["missing columns colour, fresh, seen, price"]),
        (
            "size,colour,fresh,seen,price\nx,red,no,2024-01-01,1\ny,red,no,2024-01-01,1\n",
            "o.csv",
            ["'size'", "expected a number"],
        ),
        ("size,colour,fresh,seen,price\n1,red,no,2024-01-01,1\n", "o.xls", ["'.xls'", ".csv"]),
    ],
)
def test_predict_names_what_does_not_fit(
    file: str, out: str, fragments: list[str], tmp_path: Path, mlfw: Mlfw
) -> None:
    (tmp_path / "new.csv").write_text(file)

    result = mlfw("predict", "first", "new.csv", "-o", out)

    assert result.returncode == 2
    for fragment in fragments:
        assert fragment in result.stderr
    assert not (tmp_path / out).exists()


@pytest.mark.usefixtures("trained")
def test_evaluate_gives_the_runs_metrics_again(tmp_path: Path, mlfw: Mlfw) -> None:
    metrics = json.loads((tmp_path / "runs/first/metrics.json").read_text())

    again = json.loads(mlfw("evaluate", "first", "--json").stdout)
    on_file = json.loads(mlfw("evaluate", "first", "small.csv", "--json").stdout)

    assert again == metrics["test"]
    assert sum(map(sum, on_file["confusion_matrix"])) == 40
    assert "accuracy" in mlfw("evaluate", "first").stdout


@pytest.mark.usefixtures("trained")
def test_evaluate_needs_the_target(tmp_path: Path, mlfw: Mlfw) -> None:
    (tmp_path / "new.csv").write_text("size,colour,fresh,seen,price\n1,red,no,2024-01-01,1\n")

    result = mlfw("evaluate", "first", "new.csv")

    assert result.returncode == 2
    assert "missing column good" in result.stderr


@pytest.mark.usefixtures("trained")
def test_options_may_stand_between_settings(tmp_path: Path, mlfw: Mlfw) -> None:
    result = mlfw("deploy", "first", "deployer=none", "--runs", "runs", "deployer=none")

    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "runs/first/deploy").exists()


@pytest.mark.usefixtures("trained")
def test_runs_lists_name_model_metric_state_and_age(mlfw: Mlfw) -> None:
    heading, row = mlfw("runs").stdout.splitlines()

    assert heading.split() == ["name", "model", "main", "metric", "state", "age"]
    name, model, metric, _, on, split, state, _ = row.split()
    assert (on, split) == ("on", "test")
    assert (name, model, metric, state) == ("first", "tree", "accuracy", "finished")


def test_tuning_searches_the_models_own_ranges(tmp_path: Path, small_csv: Path, mlfw: Mlfw) -> None:
    result = mlfw("run", *DATA, "model=svm", "tuner=random", "tuner.trials=3", "run.dir=r")

    assert result.returncode == 0, result.stderr
    tuning = json.loads((tmp_path / "r/tuning.json").read_text())
    assert tuning["trials"] == 3
    assert set(tuning["params"]) == {"C", "kernel", "gamma"}
    saved = json.loads((tmp_path / "r/model/manifest.json").read_text())["model"]
    assert saved.items() >= tuning["params"].items()


def test_tuning_searches_a_given_space(tmp_path: Path, small_csv: Path, mlfw: Mlfw) -> None:
    result = mlfw(
        "run", *DATA, "model=tree", "tuner=grid", "tuner.space.max_depth=[1,3]",
        "tuner.space.min_samples_leaf={low:1,high:5}", "tuner.points=2", "run.dir=r",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    tried = [
        tuple(json.loads(path.read_text())["params"].values())
        for path in (tmp_path / "r/trials").glob("*.json")
    ]
    assert sorted(tried) == [(1, 1), (1, 5), (3, 1), (3, 5)]


def test_trials_that_fail_are_counted_and_all_failing_is_an_error(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    some = mlfw("run", *DATA, "model=tree", "tuner=grid", "tuner.space.max_depth=[0,2]",
                "run.dir=some")  # fmt: skip
    every = mlfw("run", *DATA, "model=tree", "tuner=grid", "tuner.space.max_depth=[0,-1]")

    assert some.returncode == 0, some.stderr
    assert json.loads((tmp_path / "some/tuning.json").read_text())["failed"] == 1
    assert every.returncode == 2
    assert "all 2 trials failed" in every.stderr
    assert "at least 1" in every.stderr


def test_a_number_as_a_class_is_predicted_as_a_number(tmp_path: Path, mlfw: Mlfw) -> None:
    rows = [f"{i % 7},{i % 2 + 1}" for i in range(60)]
    (tmp_path / "n.csv").write_text("x,y\n" + "\n".join(rows) + "\n")

    mlfw("run", "dataset=csv", "dataset.path=n.csv", "dataset.target=y", "run.name=n")
    lines = mlfw("predict", "n", "n.csv").stdout.splitlines()

    assert lines[0].replace('"', "") == "prediction,probability_1,probability_2"
    assert {line.split(",")[0] for line in lines[1:]} <= {"1", "2"}
