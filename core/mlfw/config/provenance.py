"""Telling where each value of a composed configuration came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mlfw.config.document import Document
from mlfw.config.overrides import Given

COMMAND_LINE = "command line"
MOST_PARTS = 50


def origins_of(
    container: Mapping[str, Any],
    document: Document,
    given: list[Given],
    entries: Mapping[str, Mapping[str, Any]],
) -> dict[str, str]:
    """Return, for every dotted key, `command line`, the file's path, a preset, or a default.

    Args:
        container: The composed configuration as plain data.
        document: The configuration file.
        given: The overrides.
        entries: The components by kind and name.
    """
    file_keys = set(_keys(document.values))
    typed_keys = {item.key for item in given if not item.is_group}
    defaults = _defaults(entries)
    origins = {}
    for key, value in _items(container):
        if _covered(key, typed_keys):
            origins[key] = COMMAND_LINE
        elif _covered(key, file_keys):
            origins[key] = str(document.path)
        else:
            default, owner = defaults.get(key, (value, "default"))
            origins[key] = owner if default == value else "preset"
    for kind in entries:
        chosen = next((item for item in given if item.is_group and item.key == kind), None)
        where = COMMAND_LINE if chosen else str(document.path) if kind in document.selected else ""
        origins[kind] = where or "default"
    return origins


def _covered(key: str, written: set[str]) -> bool:
    parts = key.split(".")[:MOST_PARTS]
    prefixes = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return key in written or any(prefix in written for prefix in prefixes)


def _items(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from _items(value, f"{key}.")
        else:
            yield key, value


def _keys(values: Mapping[str, Any]) -> Iterator[str]:
    for key, _ in _items(values):
        yield key


def _defaults(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[Any, str]]:
    from omegaconf import OmegaConf

    found: dict[str, tuple[Any, str]] = {}
    for kind, named in entries.items():
        for name, entry in named.items():
            prefix = f"metrics.{name}." if kind == "metrics" else f"{kind}."
            fields = OmegaConf.to_container(OmegaConf.structured(entry.component))
            for key, value in _items(cast("dict[str, Any]", fields), prefix):
                found[key] = (value, f"default of {name}")
    return found
