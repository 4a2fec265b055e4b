"""`mlfw show`, `mlfw plugins` and `mlfw config` explain what there is."""

from __future__ import annotations

import pytest
import yaml

from conftest import Mlfw
from mlfw.cli.show import field_lines


@pytest.fixture
def mlfw(mlfw_here: Mlfw) -> Mlfw:
    return mlfw_here


def test_show_lists_the_kinds_and_their_components(mlfw: Mlfw) -> None:
    lines = {line.split()[0]: line for line in mlfw("show").stdout.splitlines()}

    for kind, names in {
        "dataset": ("csv", "parquet", "sklearn"),
        "model": ("tree", "forest", "boosting", "svm", "linear", "mlp"),
        "trainer": ("lightning",),
        "tuner": ("none", "grid", "random"),
        "metrics": ("accuracy", "precision", "recall", "f1", "auroc", "rmse", "mae", "r2"),
        "tracker": ("none", "wandb"),
        "deployer": ("none", "bentoml", "onnx"),
        "executor": ("local",),
    }.items():
        for name in names:
            assert name in lines[kind].replace(",", " ").split()


@pytest.mark.parametrize("kind", ["dataset", "model", "metrics"])
def test_show_kind_gives_each_component_a_line(kind: str, mlfw: Mlfw) -> None:
    result = mlfw("show", kind)

    assert result.returncode == 0
    assert all(line.count("  ") for line in result.stdout.splitlines())


def test_show_one_explains_its_fields(mlfw: Mlfw) -> None:
    text = mlfw("show", "model", "svm").stdout

    for fragment in ("model.C", "float", "1.0", "0.01 to 1000 (log)", "rbf|linear|poly", "above 0"):
        assert fragment in text


def test_plugins_lists_distribution_version_and_what_each_provides(mlfw: Mlfw) -> None:
    lines = {line.split()[0]: line for line in mlfw("plugins").stdout.splitlines()}

    assert lines["tabular"].split()[1:3] == ["mlfw", "0.1.0"]
    assert "dataset: csv, parquet" in lines["tabular"]


def test_config_prints_yaml_with_origins(mlfw: Mlfw) -> None:
    result = mlfw("config", "dataset=csv", "dataset.target=y", "model=svm", "model.C=3")

    assert yaml.safe_load(result.stdout)["model"]["C"] == 3
    assert "C: 3.0" in result.stdout
    for line in result.stdout.splitlines():
        if "C: 3.0" in line or "target: y" in line:
            assert line.endswith("# command line")
        if "kernel: rbf" in line:
            assert line.endswith("# default of svm")


def test_on_a_terminal_the_help_of_a_field_is_wrapped_and_not_cut() -> None:
    lines = field_lines([["model.C", "float", "1.0", "0.1 to 10", "many words " * 30]], 60)

    assert lines[0] == "model.C=1.0  (float; search range 0.1 to 10)"
    assert max(map(len, lines)) <= 60
    assert " ".join(lines[1:]).split() == ["many", "words"] * 30


def test_show_one_prints_all_that_it_says_of_itself(mlfw: Mlfw) -> None:
    text = mlfw("show", "model", "lightning").stdout

    assert "run unchanged with an existing LightningDataModule.\n\nIts code is imported" in text
    assert "--allow-import PACKAGE" in text
    assert "Attributes" not in text
    assert "model.monitor" in text
