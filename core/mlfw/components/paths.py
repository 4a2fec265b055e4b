"""Fields that hold paths, so that a relative one is found from wherever the command is typed."""

from __future__ import annotations

import dataclasses
from typing import Any

PATH = "mlfw.path"
RUN = "mlfw.run"


def path_field() -> dict[str, Any]:
    """Return field metadata that marks a string, or a list of strings, as paths.

    A relative path in a configuration file counts from that file's folder; one on the command
    line counts from the current folder. The component is given absolute paths. A URL, such as
    `s3://bucket/rows.csv`, is given as it is written: see `mlfw.urls.is_url`.
    """
    return {PATH: True}


def run_field() -> dict[str, Any]:
    """Return field metadata that marks a string as the name of another run's saved model.

    Users write a run directory, a run's name, `latest` (the newest run that has finished) or the
    folder of a saved model; relative paths count as for `path_field`. The component is given the
    absolute path of the saved model's folder, or an empty string.
    """
    return {RUN: True}


def path_fields(component: type[Any]) -> list[str]:
    """Return the names of a component's fields that hold paths."""
    return [field.name for field in dataclasses.fields(component) if field.metadata.get(PATH)]


def run_fields(component: type[Any]) -> list[str]:
    """Return the names of a component's fields that name another run's saved model."""
    return [field.name for field in dataclasses.fields(component) if field.metadata.get(RUN)]
