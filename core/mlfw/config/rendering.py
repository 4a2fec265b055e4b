"""Showing a composed configuration, each value with where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from mlfw.config.root import RunConfig


def render(config: RunConfig) -> str:
    """Return the configuration as YAML whose comments say where each value came from."""
    rows = list(_rows(config.frozen, config.origins))
    width = min(max(len(text) for text, _ in rows), 60)
    return "\n".join(f"{text:<{width}}  # {origin}" if origin else text for text, origin in rows)


def _rows(
    values: Mapping[str, Any], origins: Mapping[str, str], prefix: str = "", indent: str = ""
) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        shown = yaml.safe_dump(name).splitlines()[0]
        if isinstance(value, dict) and value:
            yield f"{indent}{shown}:", ""
            yield from _rows(value, origins, f"{key}.", f"{indent}  ")
        else:
            origin = origins.get(prefix.rstrip(".")) if name == "use" else origins.get(key, "")
            yield f"{indent}{shown}: {_scalar(value)}", origin or ""


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()
