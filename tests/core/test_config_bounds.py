"""A configuration is read in a time that grows with its size, and names stay as written in it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mlfw import UserError
from mlfw.config import compose, render
from mlfw.config.choose import choose
from mlfw.config.document import Document, read_document
from mlfw.config.interpolations import check_interpolations
from mlfw.config.merge import values_of
from mlfw.config.overrides import parse_overrides
from mlfw.config.yaml_file import read_yaml
from mlfw.plugins import Plugins, load_plugins

SECONDS = 10  # of the processor; what is bounded here took minutes


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.yaml"
    path.write_bytes(text.encode())
    return path


def values(tmp_path: Path, plugins: Plugins, text: str) -> dict[str, object]:
    """Return what a file says, by the types of the fields."""
    document = read_document(written(tmp_path, text))
    choices, _ = choose(document, [], plugins.registry, None)
    return values_of(document, [], choices)


@pytest.mark.parametrize(
    "name", ["true", "NO", "y", "1e3", "007", "1:30", "2024", "2024-01-01", "0x1F", "1_000", "1.50"]
)
def test_a_name_in_a_file_stays_as_it_is_written(
    tmp_path: Path, plugins: Plugins, name: str
) -> None:
    text = (
        f"dataset:\n  use: csv\n  target: {name}\n  drop: [{name}, b]\n"
        f"  columns: {{{name}: text}}\nrun: {{name: {name}}}\n"
    )

    found = values(tmp_path, plugins, text)

    assert found == {
        "dataset": {"target": name, "drop": [name, "b"], "columns": {name: "text"}},
        "run": {"name": name},
    }


def test_numbers_and_booleans_stay_such_where_they_are_meant(
    tmp_path: Path, plugins: Plugins
) -> None:
    text = (
        "dataset: {use: csv, checks: {all: off}}\nseed: 0x10\n"
        "model: {use: tree, max_depth: 1e1}\n"
        "tuner: {use: grid, space: {C: [1, 1e-3, yes, .5, null, on]}}\n"
    )

    found = values(tmp_path, plugins, text)

    assert found["seed"] == 16
    assert found["dataset"] == {"checks": {"all": "off"}}
    assert found["model"] == {"max_depth": 10}
    assert found["tuner"] == {"space": {"C": [1, 0.001, True, 0.5, None, "on"]}}


def test_null_where_a_name_is_meant_is_refused_with_the_quotes_to_type(
    tmp_path: Path, plugins: Plugins
) -> None:
    with pytest.raises(UserError) as typed:
        compose(None, ["dataset=csv", "dataset.target=null"], plugins)
    with pytest.raises(UserError) as in_file:
        compose(written(tmp_path, "dataset: {use: csv, drop: [null]}"), [], plugins)

    assert "expected a value, not null" in typed.value.problem
    assert "'dataset.target=\"null\"'" in typed.value.remedy
    assert in_file.value.remedy.endswith("in quotes: 'null'")


def test_a_name_with_a_colon_that_yaml_takes_for_a_mapping_is_told_of(
    tmp_path: Path, plugins: Plugins
) -> None:
    with pytest.raises(UserError) as refusal:
        compose(written(tmp_path, "dataset: {use: csv, drop: [No: 1]}"), [], plugins)

    assert "expected text, not a list or a mapping" in refusal.value.problem
    assert "quotes" in refusal.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x\n", "aliases"),
        ("a: 1\nb: 2\na: 3\n", "'a' stands there twice"),
        ("a: !!python/object:os.system {}\n", "tag"),
        ("? [a]\n: 1\n", "a key is to be text"),
        ("a: 1\n---\nb: 1\n", "second document"),
        ("a:\n\tb: 1\n", "line 2 begins with a tab"),
        ("- a\n", "found a list"),
        ("just words\n", "found a lone value"),
        ("a: " + "[" * 30 + "]" * 30, "nested more than 20 deep"),
        ("a: " + "[" * 300_000, "nest"),
        ("a: [" + "1," * 200_000 + "]", "more than 100,000 values"),
    ],
)
def test_what_is_no_plain_mapping_is_refused_at_once(
    tmp_path: Path, text: str, message: str
) -> None:
    started = time.process_time()

    with pytest.raises(UserError, match=message):
        read_yaml(written(tmp_path, text))

    assert time.process_time() - started < SECONDS


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_file(tmp_path: Path) -> None:
    assert read_yaml(written(tmp_path, "\ufeffa: x\r\nb: y\r\n")) == {"a": "x", "b": "y"}


@pytest.mark.parametrize(
    "text",
    [
        "dataset:\n  use: csv\n  columns:\n" + "".join(f"    c{i}: text\n" for i in range(40_000)),
        "dataset:\n  use: csv\n  drop: [" + "a b, " * 90_000 + "]\n",
        "dataset:\n  use: csv\n  target: " + "1:" * 300_000 + "1\n",
    ],
    ids=["40,000 columns", "90,000 names", "digits and colons"],
)
def test_a_megabyte_is_composed_and_not_changed(
    tmp_path: Path, plugins: Plugins, text: str
) -> None:
    path = written(tmp_path, text)
    started = time.process_time()

    config = compose(path, ["dataset.columns.own=number"], plugins, need_packages=False)

    assert time.process_time() - started < SECONDS
    plain = values_of(read_document(path), [], choose(
        read_document(path), [], plugins.registry, None)[0])["dataset"]  # fmt: skip
    plain.setdefault("columns", {})["own"] = "number"
    for field, value in plain.items():
        expected = [value] if isinstance(value, str) else value
        assert config.frozen["dataset"][field] == expected
        assert getattr(config.dataset, field) == expected
    assert config.origins["dataset.columns.own"] == "command line"


def test_long_lists_come_through_with_paths_origins_and_printing(
    tmp_path: Path, plugins: Plugins
) -> None:
    names = ", ".join(f"part-{i}.csv" for i in range(80))
    columns = "".join(f"    c.{i}: text\n" for i in range(80))
    text = f"dataset:\n  use: csv\n  path: [{names}]\n  columns:\n{columns}"

    config = compose(written(tmp_path, text), ["dataset.columns.c.0=number"], plugins)
    again = compose(written(tmp_path, render(config)), [], plugins)

    assert config.frozen["dataset"]["path"][79] == str(tmp_path / "part-79.csv")
    assert config.dataset.path == config.frozen["dataset"]["path"]  # type: ignore[attr-defined]
    assert config.frozen["dataset"]["columns"]["c.0"] == "number"
    assert config.origins["dataset.columns.c.79"] == str(tmp_path / "run.yaml")
    assert again.frozen == config.frozen


def test_too_many_values_of_other_kinds_are_refused(tmp_path: Path, plugins: Plugins) -> None:
    text = "dataset: csv\nmodel: {use: mlp, target_weights: {"
    text += ", ".join(f"c{i}: 1.5" for i in range(2_000)) + "}}\n"

    with pytest.raises(UserError, match="2,000 values"):
        compose(written(tmp_path, text), [], plugins, need_packages=False)


@pytest.mark.parametrize(
    "typed",
    [
        "dataset.drop=" + "[" * 50_000,
        "dataset.drop=[" + "int(1)," * 10_000 + "a]",
        "dataset.columns." + "a." * 50_000 + "=text",
        "tuner.space." + "a." * 50_000 + "=text",
    ],
)
def test_a_long_override_is_refused_at_once(typed: str) -> None:
    started = time.process_time()

    with pytest.raises(UserError) as refusal:
        parse_overrides([typed])

    assert time.process_time() - started < SECONDS
    assert len(str(refusal.value)) < 1000


def test_a_wrong_value_is_not_repeated_in_full(plugins: Plugins) -> None:
    with pytest.raises(UserError) as refusal:
        compose(None, ["dataset=csv", f"seed={'9' * 50_000}"], plugins)

    assert len(str(refusal.value)) < 1000


def doubling(length: int, link: str = "${dataset.columns.x%d}") -> dict[str, object]:
    chain = {f"x{i}": (link % (i - 1)) * 2 for i in range(1, length)}
    return {"dataset": {"columns": {"x0": "a", **chain}}}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (doubling(30), "refer to others"),
        (doubling(30, "${.x%d}"), "refer to others"),
        (doubling(30, "${oc.select:dataset.columns.x%d}"), "refer to others"),
        (doubling(30, "${dataset[columns][x%d]}"), "refer to others"),
        ({"a": "b" * 9_000, "c": ["${a}" * 150]}, "refer to others"),
        ({"a": "${b}" * 300}, "more than 200 references"),
        ({"a": "${" * 100}, "nested more than 5"),
        ({"a": "${b}" + "c" * 20_000}, "more than 10,000 characters"),
    ],
)
def test_references_are_bounded_before_any_is_resolved(
    config: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        check_interpolations(config)


def test_references_that_configurations_have_are_no_matter() -> None:
    check_interpolations(doubling(6))
    check_interpolations(
        {
            "run": {"dir": "${oc.env:HOME,/tmp}/runs/${run.name}-${seed}", "name": "${dataset.a}"},
            "dataset": {"a": "${oc.env:NAME,${seed}}", "b": ["${.c}", "${..run.name}"]},
            "seed": 1,
        }
    )


def test_references_typed_on_the_command_line_are_bounded_too(plugins: Plugins) -> None:
    link = "${{dataset.columns.x{}}}"
    chain = [f"dataset.columns.x{i}={link.format(i - 1) * 2}" for i in range(1, 30)]

    with pytest.raises(UserError, match="refer to others"):
        compose(None, ["dataset=csv", "dataset.columns.x0=a", *chain], plugins)


def test_no_configuration_is_a_configuration_with_nothing_in_it(tmp_path: Path) -> None:
    assert read_document(written(tmp_path, "")) == Document(path=tmp_path / "run.yaml")
    assert read_document(written(tmp_path, "# nothing\n---\n")).values == {}
