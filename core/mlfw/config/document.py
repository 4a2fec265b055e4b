"""Reading a configuration file as data, and nothing but data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mlfw.components import KINDS
from mlfw.errors import UserError

MOST_BYTES = 1_000_000
MOST_DEPTH = 20
USE = "use"


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


BOOLEAN = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """A YAML loader without aliases, whose expansion can take all memory, and repeated keys.

    `on` and `off` are words, as in YAML 1.2 and on the command line; a boolean field takes them
    all the same.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [item for item in known if first not in "oO" or item[0] != BOOLEAN]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.YAMLError(f"line {event.start_mark.line + 1}: aliases (*) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: the key '{key}' stands there twice")
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping with its size, depth and features bounded.

    Raises:
        UserError: The file is missing, too large, not YAML, or no mapping.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes()[: MOST_BYTES + 1]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file.", "Check the path of the configuration.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    if size > MOST_BYTES:
        raise UserError(f"{path}: {size:,} bytes; a configuration has at most {MOST_BYTES:,}.")
    try:
        data = yaml.load(content.decode(), _Loader)  # noqa: S506 - a SafeLoader made stricter
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UserError(
            f"{path}: not a configuration in YAML: {_where(error)}",
            "Write lines of the form `key: value`; see examples/penguins/run.yaml.",
        ) from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise UserError(
            f"{path}: expected `key: value` lines, found {type(data).__name__}.",
            "See examples/penguins/run.yaml.",
        )
    _check_tree(path, data, depth=0, place="")
    return data


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        problem = getattr(error, "problem", "") or "not valid"
        return f"line {mark.line + 1}, column {mark.column + 1}: {problem}."
    return f"{str(error).splitlines()[0] if str(error) else type(error).__name__}."


def _check_tree(path: Path, value: Any, depth: int, place: str) -> None:
    if depth > MOST_DEPTH:
        raise UserError(f"{path}: {place}: nested more than {MOST_DEPTH} deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise UserError(
                    f"{path}: {place or 'top level'}: the key {key!r} is not text.",
                    f"Put it in quotes: '{key}'.",
                )
            _check_tree(path, item, depth + 1, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            _check_tree(path, item, depth + 1, place)


def read_document(path: Path) -> Document:
    """Read a configuration file and tell selections of components from values.

    A component is selected by `model: svm`, by `model: {use: svm, C: 2}`, or in Hydra's manner
    by a `defaults:` list; metrics also by a list of names or a mapping from names to options.

    Raises:
        UserError: The file cannot be read or a selection is not of these forms.
    """
    data = read_yaml(path)
    document = Document(path=path)
    for item in _defaults_list(path, data.pop("defaults", [])):
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
    if isinstance(value, str) or (kind == "metrics" and isinstance(value, list)):
        document.selected[kind] = value
    elif isinstance(value, dict):
        options = dict(value)
        if kind == "metrics":
            document.selected[kind] = list(options)
            options = {name: given for name, given in options.items() if given}
        elif USE in options:
            document.selected[kind] = str(options.pop(USE))
        if options:
            document.values[kind] = options
    elif value is not None:
        raise UserError(
            f"{document.path}: {kind}: expected a name or `use: NAME` with options, "
            f"found {value!r}."
        )
