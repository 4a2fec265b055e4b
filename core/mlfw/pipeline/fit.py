"""The fourth stage: fit the final model and save it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import Any

from mlfw.components import Fitted, Model, OpaqueModel
from mlfw.components.splits import TEST, first_rows
from mlfw.errors import UserError, listing
from mlfw.pipeline.forecast import cost_in_words, expect, expect_again, long_enough
from mlfw.pipeline.params import best_params, merged, with_params
from mlfw.pipeline.saved_model import save_model
from mlfw.pipeline.training import Training
from mlfw.pipeline.work import Work

ROWS_COMPARED = 1000  # of the test split, to see that the saved model predicts as the fitted one


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
        predictor = _fitted(work, with_params(config.model, params))
        options = {key: value for key, value in config.frozen["model"].items() if key != "use"}
        entry = work.plugins.registry.get("model", config.choice("model"))
        work.course.doing("saving the model")
        rows = () if work.opaque else first_rows(work.splits, TEST, ROWS_COMPARED)
        save_model(predictor, merged(options, params), entry, work.directory.model, rows)
        shutil.rmtree(work.directory.checkpoints, ignore_errors=True)

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


def _fitted(work: Work, model: Model) -> Fitted:
    """Fit, and keep the record of it however it ends."""
    training = work.training = Training(work.directory, work.fingerprints["fit"])
    if training.continued:
        expect_again(work, training.estimate)
    else:
        training.estimate = expect(work, model)
    if training.estimate is not None and long_enough(work.course.expected):
        work.monitor.note(f"the fit takes {cost_in_words(training.estimate)}")
    training.begin()
    try:
        fitted = model.fit(work.data, work.context("checkpoints", final=True))
    except BaseException:
        with suppress(OSError):
            training.save(finished=False)
        raise
    training.save(finished=True)
    work.training = None
    return fitted
