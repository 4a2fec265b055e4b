"""Finding the saved models of other runs that a configuration names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from mlfw.components import KINDS
from mlfw.components.paths import run_fields
from mlfw.config import RunConfig
from mlfw.errors import UserError
from mlfw.pipeline.api import model_folder
from mlfw.runs import runs_folder


def with_runs_found(config: RunConfig) -> RunConfig:
    """Return the configuration with the folder of a saved model for each run that it names.

    The frozen configuration holds the folder too, so that a run which continues later begins
    from the same model whatever runs there are by then.

    Raises:
        UserError: There is no such run, or it has no saved model; the message names the key.
    """
    frozen, changed = dict(config.frozen), dict[str, Any]()
    for kind in KINDS.keys() - {"metrics"}:
        component = getattr(config, kind)
        named = {name: getattr(component, name) for name in run_fields(type(component))}
        found = {
            name: _found(text, f"{kind}.{name}", runs_folder(config.run.folder))
            for name, text in named.items()
            if text
        }
        if found:
            changed[kind] = dataclasses.replace(component, **found)
            frozen[kind] = {**frozen[kind], **found}
    return dataclasses.replace(config, frozen=frozen, **changed)


def _found(text: str, key: str, runs: Path) -> str:
    try:
        return str(model_folder(text, runs).absolute())
    except UserError as error:
        raise UserError(f"{key}: {error.problem}", error.remedy) from None
