"""`mlfw run --plan`: what a run would cost, without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import Mlfw
from mlfw.quantities import duration
from plugin_folder import write_plugin

RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good")
UNKNOWN = """
from dataclasses import dataclass
import mlfw

@dataclass(kw_only=True)
class Other(mlfw.Model):
    '''Knows nothing of its cost, and must not be fitted.'''
    def fit(self, data, context): raise AssertionError("fitted")
    def load(self, folder, schema): raise AssertionError("loaded")

@dataclass(kw_only=True)
class Failing(Other):
    '''Fails in estimating.'''
    def estimate(self, data, context): raise RuntimeError("no clock")

@mlfw.hookimpl
def mlfw_models(): return {"other": Other, "failing": Failing}

@mlfw.hookimpl
def mlfw_stage_finished(run, stage): raise AssertionError("told of a stage")
"""


def stages(shown: str) -> dict[str, str]:
    """Return the rows of the table by their first word."""
    return {line.split()[0]: line for line in shown.split("\n\n")[0].splitlines()[1:]}


def test_a_plan_shows_every_stage_trains_nothing_and_leaves_no_run(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFW_CACHE", str(tmp_path / "cache"))
    result = mlfw_here(
        *RUN, "model=tree", "tuner=grid", "tuner.space.max_depth=[1,2,3]", "split.folds=3",
        "deployer=bentoml", "--plan",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    table = stages(result.stdout)
    assert list(table) == [
        "prepare", "tune", "cross_validate", "fit", "evaluate", "deploy", "total"
    ]  # fmt: skip
    assert "40 rows" in table["prepare"]
    assert "3 trials x 3 folds" in table["tune"]
    assert re.search(r"model tree +\d+\.\d s +[\d.]+ [MG]B +a fit on", table["fit"])
    assert "unknown" in table["deploy"]
    assert "without deploy" in table["total"]
    assert not (tmp_path / "runs").exists()
    assert {path.name for path in (tmp_path / "cache").iterdir()} <= {"entries", "sums"}
    assert list((tmp_path / "cache/entries").iterdir())


def test_of_a_network_the_most_epochs_are_counted(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    result = mlfw_here(*RUN, "model=mlp", "trainer.accelerator=cpu", "--plan")

    table = stages(result.stdout)
    assert re.search(r"model mlp, 100 epochs +at most .* [MG]B +\d+ timed step", table["fit"])
    assert "device    cpu" in result.stdout
    assert not (tmp_path / "runs").exists()


def test_max_time_bounds_the_plan(tmp_path: Path, small_csv: Path, mlfw_here: Mlfw) -> None:
    options = ("model=mlp", "trainer.accelerator=cpu", "trainer.epochs=100000000")
    result = mlfw_here(*RUN, *options, "trainer.max_time=2h", "--plan")

    assert "at most 2 h" in stages(result.stdout)["fit"]


@pytest.mark.parametrize("model", ["other", "failing"])
def test_what_a_model_does_not_say_is_unknown(
    model: str,
    tmp_path: Path,
    small_csv: Path,
    mlfw_here: Mlfw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(write_plugin(tmp_path, "unknown", UNKNOWN))
    result = mlfw_here(*RUN, f"model={model}", "--plan")

    assert result.returncode == 0, result.stderr
    assert re.search(rf"model {model} +unknown", stages(result.stdout)["fit"])
    assert re.search(r"total +unknown +without fit, evaluate", stages(result.stdout)["total"])


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (["model=svm", "model.C=0"], "model.C"),
        (["dataset.target=goo"], "goo"),
        (["tuner=random", "tuner.space.deep=[1]"], "tuner.space.deep"),
        (["model=mlp", "trainer.max_time=soon"], "trainer.max_time"),
    ],
)
def test_mistakes_are_found_by_a_plan(
    options: list[str], fragment: str, tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    result = mlfw_here(*RUN, *options, "--plan")

    assert result.returncode == 2
    assert fragment in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (42.4, "42 s"),
        (91, "2 min"),
        (3600 * 1.5, "1 h 30 min"),
        (3600 * 2, "2 h"),
        (86_400 * 2 + 3600 * 3, "2 d 3 h"),
    ],
)
def test_spans_of_time_are_shown_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
