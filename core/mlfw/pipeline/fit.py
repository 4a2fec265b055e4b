"""The fourth stage: fit the final model and save it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlfw.components import Job, OpaqueModel
from mlfw.errors import UserError, listing
from mlfw.pipeline.forecast import cost_in_words, expect, expect_again, long_enough
from mlfw.pipeline.job_watch import JobWatch, run_jobs
from mlfw.pipeline.jobs import fit_job, fit_resources
from mlfw.pipeline.params import best_params, with_params
from mlfw.pipeline.training import Training
from mlfw.pipeline.work import Work


def check_model(work: Work) -> None:
    """Check that the model can learn what the data ask for, before anything takes long.

    Raises:
        UserError: It cannot.
    """
    name, model = work.config.choice("model"), work.config.model
    if isinstance(model, OpaqueModel):
        assert isinstance(work.data, model.takes)
        model.check_code(work.imports)
        return
    if not isinstance(work.splits, model.takes):
        raise UserError(
            f"model={name}: takes rows in memory, and these are streamed from files.",
            "Choose a model that streams, such as mlp or linear, or set dataset.stream=false.",
        )
    targets = work.splits.schema.targets
    for target in targets:
        if target.task not in model.tasks:
            raise UserError(
                f"model={name}: cannot learn a {target.task} task.",
                "Choose another model: mlfw show model",
            )
    if len(targets) > 1 and not model.several_targets:
        raise UserError(
            f"model={name}: learns one target at a time, found {len(targets)}: "
            f"{listing([target.name for target in targets])}.",
            "Name one in dataset.target, or choose a model that learns several, such as mlp.",
        )
    model.check_schema(work.splits.schema)


def fit(work: Work) -> None:
    """Fit the model with the best parameters on the training rows, and save it."""
    config = work.config
    params = best_params(work.directory)

    def act() -> None:
        _fit(work, params)

    def inputs() -> list[Any]:
        return [
            work.fingerprints["prepare"],
            config.frozen["model"],
            config.frozen["trainer"],
            config.model.fingerprint(),
            params,
            config.seed,
            work.plugin_version("model"),
            work.plugin_version("trainer"),
        ]

    made = [work.directory.model, work.directory.training_file]
    work.stage("fit", inputs, f"model {config.choice('model')}", act, made)


def _fit(work: Work, params: Mapping[str, Any]) -> None:
    """Fit and save, and keep the record of the fit however it ends."""
    training = work.training = Training(work.directory, work.fingerprints["fit"])
    if training.continued:
        expect_again(work, training.estimate)
    else:
        training.estimate = expect(work, with_params(work.config.model, params))
    if training.estimate is not None and long_enough(work.course.expected):
        work.monitor.note(f"the fit takes {cost_in_words(training.estimate)}")
    training.begin()
    resources = fit_resources(work, alone=True)
    watch = _FitWatch(work, lambda _: [], resources)
    try:
        for result in run_jobs(work, [fit_job(work, params)], resources, watch):
            result.result()
    except BaseException:
        if work.training is not None:
            with suppress(OSError):
                training.save(finished=False)
        raise


class _FitWatch(JobWatch):
    """Keeps the record of the fit, and tells plugins of its epochs."""

    def epoch(self, job: Job, epoch: int, total: int | None, values: Mapping[str, float]) -> None:  # noqa: ARG002
        self.work.report(epoch, values, final=True)

    def note(self, text: str) -> None:
        super().note(text)
        if self.work.training is not None:
            self.work.training.note(text)

    def other(self, job: Job, name: str, values: Any) -> None:  # noqa: ARG002
        training = self.work.training
        if name == "fitting" and training is not None:
            training.restart()
        elif name == "fitted" and training is not None:
            training.save(finished=True, peak=values)
            self.work.training = None
