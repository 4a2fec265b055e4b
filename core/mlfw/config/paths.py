"""Making the paths of a configuration absolute."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlfw.components.paths import path_fields, run_fields
from mlfw.config.document import Document
from mlfw.urls import is_url


def resolve_paths(
    composed: Any,
    bulk: dict[tuple[str, ...], Any],
    document: Document,
    entries: Mapping[str, Mapping[str, Any]],
    origins: Mapping[str, str],
) -> None:
    """Replace relative paths in path fields, in place; long lists of them stand in `bulk`.

    What the configuration file says counts from its folder, everything else from the current
    folder. A URL stays as it is written.
    """
    for kind, named in entries.items():
        for name, entry in named.items():
            prefix = f"metrics.{name}" if kind == "metrics" else kind
            node = composed[kind][name] if kind == "metrics" else composed[kind]
            runs = run_fields(entry.component)
            for field in [*path_fields(entry.component), *runs]:
                long = (*prefix.split("."), field)
                value = bulk.get(long, node.get(field))
                from_file = origins.get(f"{prefix}.{field}") == str(document.path)
                base = document.path.parent if document.path and from_file else Path()
                if field in runs and not (value and (base / value).exists()):
                    continue  # a run's name, looked up among the runs
                if long in bulk:
                    bulk[long] = [_absolute(item, base) for item in value]
                elif isinstance(value, str):
                    if not is_url(value):
                        node[field] = _absolute(value, base)
                elif value is not None and not all(map(is_url, value)):
                    written = _written(node, field)
                    node[field] = [
                        text if is_url(item) else _absolute(item, base)
                        for item, text in zip(value, written or value, strict=True)
                    ]


def _written(node: Any, field: str) -> list[str] | None:
    """Return a list as it is written, its references not resolved; None if it is one itself."""
    from omegaconf import OmegaConf

    plain = OmegaConf.to_container(node, resolve=False)
    written = plain[field] if isinstance(plain, dict) else None
    return written if isinstance(written, list) else None


def _absolute(value: str, base: Path) -> str:
    if is_url(value):
        return value
    return str((base / Path(value).expanduser()).absolute()) if value else value
