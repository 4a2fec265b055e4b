"""Every hook of the framework. A plugin implements one or more of them.

Registration hooks return a mapping from the name that users type to the component's class.
Lifecycle hooks are told of events; what they return is ignored, and one that raises is set aside
with a warning. No hook may rely on the order in which plugins are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from types import ModuleType

    from mlfw.components import (
        Dataset,
        Deployer,
        Executor,
        JobFunction,
        Metric,
        Model,
        RunInfo,
        Tracker,
        Trainer,
        Tuner,
    )
    from mlfw.plugins.commands import Command

hookspec = pluggy.HookspecMarker("mlfw")
hookimpl = pluggy.HookimplMarker("mlfw")


@hookspec
def mlfw_datasets() -> dict[str, type[Dataset]]:  # type: ignore[empty-body]
    """Register data sets, chosen by `dataset=NAME`."""


@hookspec
def mlfw_models() -> dict[str, type[Model]]:  # type: ignore[empty-body]
    """Register models, chosen by `model=NAME`."""


@hookspec
def mlfw_trainers() -> dict[str, type[Trainer]]:  # type: ignore[empty-body]
    """Register trainers, chosen by `trainer=NAME`."""


@hookspec
def mlfw_tuners() -> dict[str, type[Tuner]]:  # type: ignore[empty-body]
    """Register tuners, chosen by `tuner=NAME`."""


@hookspec
def mlfw_metrics() -> dict[str, type[Metric]]:  # type: ignore[empty-body]
    """Register metrics, chosen by `metrics=NAME` or `metrics=[NAME,...]`."""


@hookspec
def mlfw_trackers() -> dict[str, type[Tracker]]:  # type: ignore[empty-body]
    """Register trackers, chosen by `tracker=NAME`."""


@hookspec
def mlfw_deployers() -> dict[str, type[Deployer]]:  # type: ignore[empty-body]
    """Register deployers, chosen by `deployer=NAME`."""


@hookspec
def mlfw_executors() -> dict[str, type[Executor]]:  # type: ignore[empty-body]
    """Register executors, chosen by `executor=NAME`."""


@hookspec
def mlfw_jobs() -> dict[str, str | JobFunction]:  # type: ignore[empty-body]
    """Register job functions, which an executor calls in one of its workers.

    Returns:
        Functions by the name that `mlfw.Job.name` gives: as `package.module:function`, which is
        imported when a job first needs it, or the function itself. It is called with a
        `mlfw.Job` and a `mlfw.JobContext` and returns JSON data.
    """


@hookspec
def mlfw_commands() -> dict[str, type[Command]]:  # type: ignore[empty-body]
    """Register sub-commands, run by `mlfw NAME`; no command of mlfw's own can be replaced.

    For example, so that `mlfw columns RUN` prints the columns that a run's model takes:

        class Columns(mlfw.Command):
            help = "list the columns that a run's model takes"

            def add_arguments(self, parser):
                parser.add_argument("run")

            def main(self, options):
                print(mlfw.load(options.run).schema.names)
                return 0

        @mlfw.hookimpl
        def mlfw_commands():
            return {"columns": Columns}
    """


@hookspec
def mlfw_hookspecs() -> ModuleType:  # type: ignore[empty-body]
    """Add hooks of the plugin's own, for other plugins to implement.

    Returns:
        A module that defines them with `mlfw.hookspec`, under names that begin with `mlfw_`.
    """


@hookspec
def mlfw_run_started(run: RunInfo) -> None:
    """A run begins, or continues after it was interrupted."""


@hookspec
def mlfw_stage_finished(run: RunInfo, stage: str) -> None:
    """One of the stages prepare, tune, fit, evaluate, deploy has ended well."""


@hookspec
def mlfw_epoch_finished(run: RunInfo, epoch: int, values: Mapping[str, float]) -> None:
    """The final model has been trained for one more epoch."""


@hookspec
def mlfw_trial_finished(
    run: RunInfo, number: int, params: Mapping[str, Any], value: float | None
) -> None:
    """A tuning trial has ended; its value is None where it failed."""


@hookspec
def mlfw_run_finished(run: RunInfo, failed: bool) -> None:
    """A run has ended."""
