"""The third stage: fit the final model and save it."""

from __future__ import annotations

import shutil

from mlfw.errors import UserError
from mlfw.pipeline.saved_model import save_model
from mlfw.pipeline.tune import best_params, with_params
from mlfw.pipeline.work import Work


def fit(work: Work) -> None:
    """Fit the model with the best parameters on the training rows, and save it."""
    config = work.config
    params = best_params(work)
    task = work.splits.schema.task
    if task not in config.model.tasks:
        raise UserError(
            f"model={config.choice('model')}: cannot learn a {task} task.",
            "Choose another model: mlfw show model",
        )

    def act() -> None:
        model = with_params(config.model, params)
        predictor = model.fit(work.splits, work.context("checkpoints", final=True))
        options = {key: value for key, value in config.frozen["model"].items() if key != "use"}
        entry = work.plugins.registry.get("model", config.choice("model"))
        save_model(predictor, {**options, **params}, entry, work.directory.model)
        shutil.rmtree(work.directory.checkpoints, ignore_errors=True)

    inputs = [
        work.fingerprints["prepare"],
        config.frozen["model"],
        config.frozen["trainer"],
        params,
        config.seed,
        work.plugin_version("model"),
        work.plugin_version("trainer"),
    ]
    work.stage("fit", inputs, f"model {config.choice('model')}", act)
