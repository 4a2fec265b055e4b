"""Configurations are composed in Hydra's manner, checked, and explained."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mlfw import UserError
from mlfw.components import Tuner
from mlfw.config import RunConfig, compose, render
from mlfw.config.components import build_component
from mlfw.config.document import Document
from mlfw.config.keys import Choices
from mlfw.config.merge import values_of
from mlfw.config.overrides import parse_overrides
from mlfw.plugins import Plugins, load_plugins
from mlfw_tabular.csv import Csv


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins()


def composed(plugins: Plugins, text: str, tmp_path: Path, *overrides: str) -> RunConfig:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return compose(path, overrides, plugins)


@pytest.mark.parametrize(
    "text",
    [
        "dataset: csv\nmodel: svm\n",
        "dataset: {use: csv}\nmodel: {use: svm}\n",
        "defaults:\n  - dataset: csv\n  - model: svm\n",
        "defaults:\n  - dataset: csv\n  - override model: svm\n",
    ],
)
def test_a_component_is_selected_in_each_of_these_ways(
    plugins: Plugins, tmp_path: Path, text: str
) -> None:
    assert composed(plugins, text, tmp_path).choice("model") == "svm"


def test_later_wins(plugins: Plugins, tmp_path: Path) -> None:
    text = "dataset: csv\nmodel: {use: svm, C: 2, degree: 4}\n"

    config = composed(plugins, text, tmp_path, "model.C=3")

    assert config.frozen["model"] == {
        "use": "svm", "C": 3.0, "kernel": "rbf", "gamma": None, "degree": 4,
    }  # fmt: skip


def test_metrics_are_a_list_of_names_or_carry_options(plugins: Plugins, tmp_path: Path) -> None:
    listed = composed(plugins, "dataset: csv\nmetrics: [f1, accuracy]\n", tmp_path)
    mapped = composed(plugins, "dataset: csv\nmetrics: {f1: {average: micro}, auroc:}\n", tmp_path)
    typed = composed(plugins, "dataset: csv\n", tmp_path, "metrics=[auroc,f1]")

    assert list(listed.metrics) == ["f1", "accuracy"]
    assert mapped.frozen["metrics"]["f1"] == {"average": "micro"}
    assert list(mapped.metrics) == ["f1", "auroc"]
    assert list(typed.metrics) == ["auroc", "f1"]


def test_another_component_on_the_command_line_keeps_the_options_it_has_too(
    plugins: Plugins, tmp_path: Path
) -> None:
    text = (
        "dataset: csv\nmodel: {use: linear, C: 7, max_iterations: 9}\n"
        "tuner: {use: random, trials: 3, space: {C: [1]}}\n"
    )

    config = composed(plugins, text, tmp_path, "model=svm", "tuner=none")

    assert config.frozen["model"]["C"] == 7
    assert config.frozen["tuner"] == {"use": "none", "space": {}, "batch": None}
    assert config.notes == (
        "model.max_iterations of linear left out",
        "tuner.space of random left out",
        "tuner.trials of random left out",
    )


def test_every_value_says_where_it_came_from(plugins: Plugins, tmp_path: Path) -> None:
    text = "dataset: {use: csv, target: y}\n"

    config = composed(plugins, text, tmp_path, "model=svm", "model.C=3")

    file = str(tmp_path / "run.yaml")
    assert config.origins["dataset"] == file
    assert config.origins["dataset.target"] == file
    assert config.origins["dataset.delimiter"] == "default of csv"
    assert config.origins["model"] == "command line"
    assert config.origins["model.C"] == "command line"
    assert config.origins["model.kernel"] == "default of svm"
    assert config.origins["seed"] == "default"


def test_what_is_printed_is_yaml_that_composes_to_the_same(
    plugins: Plugins, tmp_path: Path
) -> None:
    text = "dataset: {use: csv, target: y, columns: {a: category}}\nmetrics: [f1]\n"
    config = composed(plugins, text, tmp_path, "model=svm", "tuner=grid", "tuner.space.C=[1,2]")

    again = composed(plugins, render(config), tmp_path)

    assert again.frozen == config.frozen
    assert yaml.safe_load(render(config)) == config.frozen


def test_a_free_mapping_is_set_whole_or_key_by_key(plugins: Plugins, tmp_path: Path) -> None:
    text = "dataset: csv\ntuner: grid\n"

    whole = composed(plugins, text, tmp_path, "tuner.space={C:[1,2]}")
    by_key = composed(plugins, text, tmp_path, "tuner.space.C=[1,2]")

    assert whole.frozen["tuner"] == by_key.frozen["tuner"]
    assert whole.frozen["tuner"]["space"] == {"C": [1, 2]}


def test_a_relative_path_counts_from_the_file_that_says_it(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    in_file = composed(plugins, "dataset: {use: csv, path: a.csv}\n", tmp_path)
    typed = composed(plugins, "dataset: csv\n", tmp_path, "dataset.path=a.csv")

    assert in_file.frozen["dataset"]["path"] == [str(tmp_path / "a.csv")]
    assert typed.frozen["dataset"]["path"] == [str(tmp_path / "elsewhere/a.csv")]


@pytest.mark.parametrize("path", ["my data (1).csv", "a=b.csv", "it's.csv", "50%.csv", "ä b.csv"])
def test_odd_file_names_need_no_quotes(plugins: Plugins, tmp_path: Path, path: str) -> None:
    config = composed(plugins, "dataset: csv\n", tmp_path, f"dataset.path={path}")

    assert [Path(found).name for found in config.frozen["dataset"]["path"]] == [path]


def test_a_preset_beside_the_file_is_chosen_by_name(plugins: Plugins, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/soft.yaml").write_text("defaults: [svm, _self_]\nC: 0.1\n")

    config = composed(plugins, "dataset: csv\n", tmp_path, "model=soft")

    assert config.frozen["model"]["use"] == "svm"
    assert config.frozen["model"]["C"] == 0.1
    assert config.origins["model.C"] == "preset"


def test_a_preset_may_not_hide_a_component(plugins: Plugins, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/svm.yaml").write_text("C: 0.1\n")

    with pytest.raises(UserError, match="may not bear the name of the component model=svm"):
        composed(plugins, "dataset: csv\n", tmp_path)


def test_an_environment_variable_is_used_but_never_written(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TARGET", "hush")

    config = composed(plugins, "dataset: {use: csv, target: '${oc.env:SECRET_TARGET}'}", tmp_path)

    assert vars(config.dataset)["target"] == ["hush"]
    assert "hush" not in str(config.frozen)


def test_composing_leaves_no_trace_in_hydra(plugins: Plugins, tmp_path: Path) -> None:
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra

    store = ConfigStore.instance()
    before, own = set(store.repo), store.load("hydra/config.yaml").node.defaults
    composed(plugins, "dataset: csv\n", tmp_path)

    assert set(store.repo) == before
    assert store.load("hydra/config.yaml").node.defaults == own != ["_self_"]
    assert not GlobalHydra.instance().is_initialized()


@pytest.mark.parametrize(
    ("typed", "targets"),
    [
        ("dataset.target=y", ["y"]),
        ("dataset.target=[y]", ["y"]),
        ("dataset.target=[y,a b]", ["y", "a b"]),
        ("dataset.target='a,b'", ["a,b"]),
        ("dataset.target=2024", ["2024"]),
        ("dataset.target=", []),
        ("dataset.target=[]", []),
    ],
)
def test_a_lone_value_is_a_list_of_one(
    plugins: Plugins, tmp_path: Path, typed: str, targets: list[str]
) -> None:
    config = composed(plugins, "dataset: csv\n", tmp_path, typed)

    assert config.frozen["dataset"]["target"] == targets
    assert config.dataset.target == targets  # type: ignore[attr-defined]
    assert config.origins["dataset.target"] == "command line"


def test_a_lone_value_is_a_list_of_one_in_files_and_presets_too(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset/mine.yaml").write_text("defaults: [csv]\ntarget: y\n")
    monkeypatch.setenv("DROPPED", "a")

    preset = composed(plugins, "dataset: mine\n", tmp_path)
    written = composed(
        plugins, "dataset: {use: csv, target: y, drop: '${oc.env:DROPPED}'}\n", tmp_path
    )

    assert preset.frozen["dataset"]["target"] == ["y"]
    assert preset.origins["dataset.target"] == "preset"
    assert written.frozen["dataset"]["target"] == ["y"]
    assert written.frozen["dataset"]["drop"] == ["${oc.env:DROPPED}"]
    assert written.dataset.drop == ["a"]  # type: ignore[attr-defined]
    assert preset.frozen["dataset"]["columns"] == {}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{a: b}", "expected a list such as [a,b], not a mapping"),
        ("null", "expected a value, not null"),
        ("[null]", "expected a value, not null"),
        ("[[y]]", "expected text, not a list"),
    ],
)
def test_what_is_no_list_is_refused_wherever_it_stands(
    plugins: Plugins, tmp_path: Path, value: str, message: str
) -> None:
    text = f"dataset: {{use: csv, target: {value}}}\n"

    with pytest.raises(UserError) as in_file:
        composed(plugins, text, tmp_path)
    with pytest.raises(UserError) as typed:
        composed(plugins, "dataset: csv\n", tmp_path, f"dataset.target={value}")

    assert str(in_file.value).startswith(f"{tmp_path / 'run.yaml'}: dataset.target")
    assert str(typed.value).startswith("command line: dataset.target")
    assert message in str(in_file.value)
    assert message in str(typed.value)


def test_every_relative_path_of_a_list_counts_from_where_it_is_said(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "dataset: {use: csv, path: [data/*.csv, /b.csv], test: c.csv}\n"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    from_file = composed(plugins, text, tmp_path).frozen["dataset"]
    typed = composed(plugins, text, tmp_path, "dataset.path=[y=1/a b.csv,*.csv]").frozen["dataset"]

    assert from_file["path"] == [str(tmp_path / "data/*.csv"), "/b.csv"]
    assert from_file["test"] == [str(tmp_path / "c.csv")]
    assert typed["path"] == [str(tmp_path / "here/y=1/a b.csv"), str(tmp_path / "here/*.csv")]


def test_options_of_a_saved_model_may_be_lone_values(plugins: Plugins) -> None:
    built = build_component(plugins.registry.get("dataset", "csv"), {"target": "y"}, "saved model")

    assert built.target == ["y"]  # type: ignore[attr-defined]


NAMES = [
    ('dataset.columns."Date.Seen"=text', "Date.Seen"),
    ("dataset.columns.'Date.Seen'=text", "Date.Seen"),
    ("dataset.columns.Date.Seen=text", "Date.Seen"),
    ("dataset.columns.Unit price (EUR)=text", "Unit price (EUR)"),
    ("dataset.columns.50% [a, b]=text", "50% [a, b]"),
    ('dataset.columns."a=b"=text', "a=b"),
    ('dataset.columns."say \\"no\\""=text', 'say "no"'),
    ("dataset.columns.2024=text", "2024"),
    ("dataset.columns.true=text", "true"),
    ("dataset.columns={Date.Seen: text}", "Date.Seen"),
    ("dataset.columns={'Date.Seen': text}", "Date.Seen"),
    ("dataset.columns={\"a: b, 'c'\": text}", "a: b, 'c'"),
    ("dataset.columns={007: text}", "007"),
    ("dataset.columns={größe: text}", "größe"),
]


def test_a_column_of_any_name_is_given_a_kind(plugins: Plugins, tmp_path: Path) -> None:
    for typed, name in NAMES:
        choices = Choices({"dataset": "csv"}, {"dataset": {"csv": Csv}})

        values = values_of(Document(), parse_overrides([typed]), choices)

        assert values == {"dataset": {"columns": {name: "text"}}}, typed
    config = composed(plugins, "dataset: csv\n", tmp_path, *(typed for typed, _ in NAMES))
    assert config.frozen["dataset"]["columns"] == {name: "text" for _, name in NAMES}
    assert config.origins["dataset.columns.a=b"] == "command line"


def test_dots_in_the_names_of_a_file_are_part_of_the_names(
    plugins: Plugins, tmp_path: Path
) -> None:
    text = "dataset:\n  use: csv\n  columns: {a.b: text, b.c: text}\n"

    config = composed(plugins, text, tmp_path, "dataset.columns.a.b=number")
    again = composed(plugins, render(config), tmp_path)

    assert config.frozen["dataset"]["columns"] == {"a.b": "number", "b.c": "text"}
    assert again.frozen == config.frozen


def test_a_name_with_dots_is_quoted_where_more_parts_may_follow(
    plugins: Plugins, tmp_path: Path
) -> None:
    config = composed(
        plugins,
        "dataset: csv\n",
        tmp_path,
        'dataset.prepare."a.b".scale=none',
        "model=mlp",
        "model.target_weights.x.y=2",
    )

    assert config.frozen["dataset"]["prepare"] == {"a.b": {"scale": "none"}}
    assert config.frozen["model"]["target_weights"] == {"x.y": 2.0}


def test_names_on_the_command_line_stay_as_they_are_written(
    plugins: Plugins, tmp_path: Path
) -> None:
    names = ["true", "NO", "1e3", "007", "1:30", "2024", "1_000", ".5", "y"]
    config = composed(
        plugins,
        "dataset: csv\n",
        tmp_path,
        "dataset.target=1e3",
        f"dataset.drop=[{','.join(names)}]",
        f"dataset.columns={{{','.join(f'{name}: text' for name in names if ':' not in name)}}}",
        "run.name=007",
        "model.iterations=1e1",
        "seed=007",
    )

    assert config.frozen["dataset"]["target"] == ["1e3"]
    assert config.frozen["dataset"]["drop"] == names
    assert list(config.frozen["dataset"]["columns"]) == [n for n in names if ":" not in n]
    assert config.frozen["run"]["name"] == "007"
    assert config.frozen["model"]["iterations"] == 10
    assert config.seed == 7


def test_commas_are_text_where_one_text_is_meant_and_are_told_of_where_a_list_is(
    plugins: Plugins, tmp_path: Path
) -> None:
    sql = composed(
        plugins,
        "dataset: sql\n",
        tmp_path,
        "dataset.url=sqlite:///a.db",
        "dataset.query=SELECT a, b FROM t",
    )
    with pytest.raises(UserError) as refusal:
        composed(plugins, "dataset: csv\n", tmp_path, "dataset.target=price, EUR")

    assert sql.frozen["dataset"]["query"] == "SELECT a, b FROM t"
    assert "'dataset.target=[price,EUR]'" in refusal.value.remedy
    assert "'dataset.target=\"price, EUR\"'" in refusal.value.remedy


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("tuner.space.C=[1,2.5,1e-3]", [1, 2.5, 0.001]),
        ("tuner.space.C=[[1, 2], [true, 'no']]", [[1, 2], [True, "no"]]),
        ("tuner.space.C={low:1, high: 1_000, log: true}", {"low": 1, "high": 1000, "log": True}),
        ("tuner.space.C=[it's, 'it\\'s', \"a,b\"]", ["it's", "it's", "a,b"]),
        ("tuner.space.C=[int(3.0), null, a\\,b, ]", [3, None, "a,b", ""]),
        ("tuner.space.C=[]", []),
        ("tuner.space.C={}", {}),
        ("tuner.space.C=[a](b).csv", "[a](b).csv"),
        ("tuner.space.C=[a", "[a"),
    ],
)
def test_values_are_read_in_hydras_grammar(typed: str, value: object) -> None:
    choices = Choices({"tuner": "grid"}, {"tuner": {"grid": Tuner}})

    values = values_of(Document(), parse_overrides([typed]), choices)

    assert values["tuner"]["space"] == {"C": value}
