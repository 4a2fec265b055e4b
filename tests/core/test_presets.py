"""Presets are read with the bounds of a configuration, and from their folder alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlfw import UserError
from mlfw.config import RunConfig, compose
from mlfw.plugins import Plugins, load_plugins

RUN = "defaults: [{experiment: small}]\ndataset: {use: csv, target: y}\n"


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins()


def composed(plugins: Plugins, folder: Path, run: str = RUN, **presets: str) -> RunConfig:
    """Compose a run with presets of no kind, by name."""
    (folder / "experiment").mkdir()
    for name, text in presets.items():
        (folder / f"experiment/{name}.yaml").write_text(text)
    (folder / "run.yaml").write_text(run)
    return compose(folder / "run.yaml", [], plugins, need_packages=False)


@pytest.mark.parametrize(
    "small",
    [
        "# @package _global_\nseed: 7\nmodel: {max_depth: 3}\n",
        "\n# A comment.\n#@package  _global_\nseed: 7\nmodel: {max_depth: 3}\n",
        "# @package _global_\ndefaults: [deep@_global_, _self_]\nmodel: {max_depth: 3}\n",
    ],
)
def test_a_preset_of_no_kind_sets_values_of_several_kinds(
    plugins: Plugins, tmp_path: Path, small: str
) -> None:
    config = composed(plugins, tmp_path, f"{RUN}model: tree\n", small=small, deep="seed: 7\n")

    assert config.frozen["seed"] == 7
    assert config.frozen["model"]["max_depth"] == 3


HEAD = "# @package _global_\n"


@pytest.mark.parametrize(
    ("small", "message"),
    [
        ("seed: " + "[" * 30 + "]" * 30, "nested more than 20 deep"),
        ("seed: [" + "1," * 200_000 + "]", "more than 100,000 values"),
        ("seed: 1 #" + " " * 1_000_001, "1,000,0.. bytes; a configuration has at most"),
        ("a: &x [1]\nseed: *x\n", "aliases"),
        ("seed: !!python/object:os.system {}\n", "tag"),
        ("- seed\n", "found a list"),
        ("run: {dir: " + '"' + "${seed}" * 300 + '"' + "}\n", "more than 200 references"),
        ("defaults: [deep]\n", "nested more than 20 deep"),
    ],
)
def test_a_preset_of_no_kind_is_bounded(
    plugins: Plugins, tmp_path: Path, small: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        composed(plugins, tmp_path, small=HEAD + small, deep="seed: " + "[" * 30 + "]" * 30)


def test_references_of_presets_are_bounded_together(plugins: Plugins, tmp_path: Path) -> None:
    links = [f"    x{i}: '${{dataset.columns.x{i - 1}}}${{dataset.columns.x{i - 1}}}'\n"
             for i in range(1, 30)]  # fmt: skip
    small = f"{HEAD}dataset:\n  columns:\n    x0: a\n{''.join(links)}"

    with pytest.raises(UserError, match="refer to others"):
        composed(plugins, tmp_path, small=small)


@pytest.mark.parametrize("name", ["../../secret", "../secret", "/../secret"])
def test_a_preset_lies_in_the_folder(plugins: Plugins, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.yaml").write_text("seed: 7\n")
    inside = tmp_path / "project"
    inside.mkdir()

    with pytest.raises(UserError, match=r"is no preset of the folder|experiment"):
        composed(plugins, inside, small=f"{HEAD}defaults: [{name}@_global_]\n")


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ("[{{/experiment@a: p{next}}}, {{/experiment@b: p{next}}}]", "more than 200 presets"),
        ("[p{next}@a, optional p{next}@b]", "more than 200 presets"),
        ("[{{optional /experiment@a: [p{next}, p{next}]}}]", "more than 200 presets"),
        ("[p{next}@a]", "more than 20 deep|more than 21 deep"),
        ("[p{number}@a]", "more than 20 deep|more than 21 deep"),
        ("['${{seed}}@a']", "expected the name of a preset"),
    ],
)
def test_presets_that_name_many_others_are_refused_at_once(
    plugins: Plugins, tmp_path: Path, defaults: str, message: str
) -> None:
    length = 12 if "next" in defaults and "200" in message else 40
    presets = {
        f"p{number}": f"defaults: {defaults.format(next=number + 1, number=number)}\n"
        for number in range(length)
    }
    presets[f"p{length}"] = "seed: 7\n"

    with pytest.raises(UserError, match=message):
        composed(plugins, tmp_path, small="defaults: [{/experiment@c: p0}]\n", **presets)
