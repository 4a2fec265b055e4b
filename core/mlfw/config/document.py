"""A configuration file, with the selections of components apart from values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlfw.components import KINDS
from mlfw.config.components import USE
from mlfw.config.written import as_names, settle
from mlfw.config.yaml_file import read_yaml
from mlfw.errors import UserError


@dataclass(frozen=True)
class Document:
    """A configuration file, taken apart.

    Attributes:
        path: The file; None where there is none.
        defaults: Its Hydra defaults list, selections of components included.
        selected: The components it selects, by kind.
        values: Everything else.
    """

    path: Path | None = None
    defaults: list[Any] = field(default_factory=list)
    selected: dict[str, str | list[str]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def read_document(path: Path) -> Document:
    """Read a configuration file and tell selections of components from values.

    A component is selected by `model: svm`, by `model: {use: svm, C: 2}`, or in Hydra's manner
    by a `defaults:` list; metrics also by a list of names or a mapping from names to options.

    Raises:
        UserError: The file cannot be read or a selection is not of these forms.
    """
    data = read_yaml(path)
    document = Document(path=path)
    for item in _defaults_list(path, settle(data.pop("defaults", []), Any, "defaults")):
        kind, name = _as_selection(item)
        if kind in KINDS:
            document.selected[kind] = name
        else:
            document.defaults.append(item)
    for key, value in data.items():
        if key in KINDS:
            _take_component(document, key, value)
        else:
            document.values[key] = value
    return document


def _defaults_list(path: Path, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise UserError(f"{path}: defaults: expected a list, found {type(value).__name__}.")
    return value


def _as_selection(item: Any) -> tuple[str, Any]:
    if isinstance(item, dict) and len(item) == 1:
        ((key, name),) = item.items()
        return str(key).removeprefix("override ").strip().removeprefix("/"), name
    return "", None


def _take_component(document: Document, kind: str, value: Any) -> None:
    if isinstance(value, dict):
        options = dict(value)
        if kind == "metrics":
            document.selected[kind] = list(options)
            options = {name: given for name, given in options.items() if isinstance(given, dict)}
        elif USE in options:
            document.selected[kind] = str(as_names(options.pop(USE)))
        if options:
            document.values[kind] = options
        return
    name = as_names(value)
    if isinstance(name, str) or (kind == "metrics" and isinstance(name, list)):
        document.selected[kind] = name
    elif name is not None:
        raise UserError(
            f"{document.path}: {kind}: expected a name or `use: NAME` with options, found a list."
        )
