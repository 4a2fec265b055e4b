"""A worker builds from a run's frozen configuration what the run itself was composed to."""

from __future__ import annotations

import dataclasses

import pytest

import mlfw
from mlfw.config import RunConfig, compose
from mlfw.config.frozen import thaw
from mlfw.plugins import Plugins, load_plugins

CSV = ("dataset=csv", "dataset.path=a.csv", "dataset.target=y")


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins()


@pytest.mark.parametrize(
    "overrides",
    [
        ("model=mlp", "trainer.max_time=5m", "tracker=none"),
        ("model=svm", "model.C=${seed}", "seed=3", "metrics=[accuracy,rmse]", "split.folds=3"),
        ("model=forest", "tuner=tpe", "tuner.space={max_depth: [1, 2]}", "executor.workers=3"),
        ("dataset.columns={a.b: number}", "dataset.target=[y,z]", "model=tree"),
        ("dataset.path=${oc.env:FOLDER}", "model=tree"),
    ],
)
def test_what_is_frozen_thaws_to_the_same_components(
    overrides: tuple[str, ...], plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLDER", "/data")
    composed = compose(None, [*CSV, *overrides], plugins, need_packages=False)

    thawed = thaw(composed.frozen, plugins.registry)

    for field in dataclasses.fields(RunConfig):
        if field.name not in ("origins", "notes"):
            assert getattr(thawed, field.name) == getattr(composed, field.name), field.name


def test_sections_that_an_older_run_does_not_have_take_their_defaults(plugins: Plugins) -> None:
    composed = compose(None, [*CSV, "model=tree"], plugins, need_packages=False)
    older = {key: value for key, value in composed.frozen.items() if key != "executor"}
    older["tuner"] = {"use": "none", "space": {}}

    thawed = thaw(older, plugins.registry)

    assert thawed.executor == composed.executor
    assert thawed.tuner == composed.tuner


def test_a_component_that_is_not_installed_is_named(plugins: Plugins) -> None:
    composed = compose(None, [*CSV, "model=tree"], plugins, need_packages=False)

    with pytest.raises(mlfw.UserError, match="model=absent: no model of that name"):
        thaw({**composed.frozen, "model": {"use": "absent"}}, plugins.registry)
