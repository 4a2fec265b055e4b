"""A schema that a run wrote and a person edited, as what is to be done with the next table.

    {
      "columns": [
        {"name": "age", "kind": "number"},
        {"name": "joined", "kind": "datetime", "format": "%d/%m/%Y"}
      ],
      "targets": [{"column": {"name": "churned", "kind": "category"}, "task": "binary"}]
    }

A column needs a name and a kind. A target needs a column; its task is inferred where it is left
out. Without targets, `dataset.target` names them. What a run found out about the training rows
(categories, integer, missing, classes, weights) may stand there and is found out anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mlfw import Column, Schema, Target, Task, UserError
from mlfw.errors import did_you_mean, listing
from mlfw.files import read_json
from mlfw_tabular.infer import Inferred
from mlfw_tabular.infer.overrides import check_override
from mlfw_tabular.prepare.options import OPTIONS, read_options
from mlfw_tabular.sources import check_file

EXAMPLE = 'A column is written like {"name": "age", "kind": "number"}.'


@dataclass(frozen=True)
class SchemaFile:
    """What a schema file asks for.

    Attributes:
        path: The file.
        columns: What the columns and targets hold and how it is written, by name; an empty format
            is to be found out.
        keep: The input columns; others are left out.
        prepare: How models are to prepare a column, by name, where the file says so.
        targets: What is to be predicted; empty where the file names none.
        tasks: The targets' tasks, by name, where the file says so.
    """

    path: Path
    columns: dict[str, Inferred]
    keep: tuple[str, ...]
    prepare: dict[str, dict[str, Any]]
    targets: tuple[str, ...]
    tasks: dict[str, Task]

    def check_names(self, names: Iterable[str], place: str) -> None:
        """Check that a table has the columns.

        Args:
            names: The table's columns.
            place: What it is called in messages.

        Raises:
            UserError: It lacks one.
        """
        there = list(names)
        missing = [name for name in self.columns if name not in set(there)]
        if missing:
            raise UserError(
                f"{self.path}: column '{missing[0]}': not in {place}, which has "
                f"{listing(there, 100)}.",
                did_you_mean(missing[0], there, listed=True),
            )


def read_schema_file(path: Path) -> SchemaFile:
    """Read a schema file.

    Raises:
        UserError: It is not there, or something in it is not as it should be; the message names
            the column and the key.
    """
    data = _read(path)
    _check_keys(data, _names(Schema), str(path))
    columns = _list(data, "columns", path)
    targets = _list(data, "targets", path)
    inferred: dict[str, Inferred] = {}
    prepare: dict[str, dict[str, Any]] = {}
    tasks: dict[str, Task] = {}
    for number, each in enumerate(columns, 1):
        name = _add_column(each, f"{path}: column {number}", path, inferred)
        if each.get("prepare"):
            prepare[name] = _prepare(each, inferred[name], f"{path}: column '{name}'")
    keep = tuple(inferred)
    for number, each in enumerate(targets, 1):
        name = _add_target(each, f"{path}: target {number}", path, inferred)
        if each.get("task"):
            tasks[name] = _task(each["task"], f"{path}: target '{name}'")
    return SchemaFile(path, inferred, keep, prepare, tuple(inferred)[len(keep) :], tasks)


def _read(path: Path) -> dict[str, Any]:
    check_file(path, "dataset.schema")
    try:
        data = read_json(path)
    except OSError as error:
        raise UserError(
            f"dataset.schema: {path}: cannot be read: {error.strerror}.", "Check the path."
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: not JSON: {error}.",
            "A run writes such a file as data/schema.json.",
        ) from None
    return _object(data, str(path))


def _add_column(data: Any, place: str, path: Path, columns: dict[str, Inferred]) -> str:
    """Add a column to those that were read, and return its name."""
    name = _name(data, place)
    place = f"{path}: column '{name}'"
    _check_keys(data, _names(Column), place)
    if name in columns:
        raise UserError(f"{place}: stands there twice.", "Take one of them out.")
    if "kind" not in data:
        raise UserError(f"{place}: the key 'kind' is missing.", EXAMPLE)
    written = data.get("format", "")
    if not isinstance(written, str):
        raise UserError(f"{place}, key 'format': expected text, found {written!r}.")
    inferred = check_override(
        data["kind"], written, f"{place}, key 'kind'", f"{place}, key 'format'"
    )
    columns[name] = replace(inferred, missing=_missing_words(data, place))
    return name


def _missing_words(data: dict[str, Any], place: str) -> tuple[str, ...] | None:
    words = data.get("missing_words")
    if words is None:
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise UserError(f"{place}, key 'missing_words': expected a list of words, found {words!r}.")
    return tuple(words)


def _add_target(data: Any, place: str, path: Path, columns: dict[str, Inferred]) -> str:
    _check_keys(_object(data, place), _names(Target), place)
    if "column" not in data:
        raise UserError(
            f"{place}: the key 'column' is missing.",
            'A target is written like {"column": {"name": "sold", "kind": "category"}}.',
        )
    return _add_column(data["column"], f"{place}, key 'column'", path, columns)


def _prepare(data: dict[str, Any], column: Inferred, place: str) -> dict[str, Any]:
    place = f"{place}, key 'prepare'"
    if column.kind not in OPTIONS:
        raise UserError(f"{place}: a {column.kind} has no options.", "Take the key out.")
    read_options(OPTIONS[column.kind], data["prepare"], place)
    return dict(data["prepare"])


def _task(word: Any, place: str) -> Task:
    tasks = [task.value for task in Task]
    if word not in tasks:
        raise UserError(
            f"{place}, key 'task': expected {', '.join(tasks)}; found {word!r}.",
            did_you_mean(str(word), tasks, listed=True),
        )
    return Task(word)


def _name(data: Any, place: str) -> str:
    name = _object(data, place).get("name")
    if not isinstance(name, str) or not name:
        found = "it is missing" if name is None else f"found {name!r}"
        raise UserError(f"{place}, key 'name': expected text, {found}.", EXAMPLE)
    return name


def _list(data: dict[str, Any], key: str, path: Path) -> list[Any]:
    if key not in data and key == "columns":
        raise UserError(f"{path}: the key 'columns' is missing.", EXAMPLE)
    found = data.get(key, [])
    if not isinstance(found, list):
        raise UserError(f"{path}: key '{key}': expected a list, found {found!r}.", EXAMPLE)
    return found


def _object(data: Any, place: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UserError(f"{place}: expected a JSON object, found {str(data)[:80]!r}.", EXAMPLE)
    return data


def _check_keys(data: dict[str, Any], known: list[str], place: str) -> None:
    for key in data:
        if key not in known:
            raise UserError(f"{place}: unknown key '{key}'.", did_you_mean(key, known))


def _names(described: type[Any]) -> list[str]:
    return [field.name for field in fields(described)]
