"""Making the paths of a configuration absolute."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlfw.components.paths import path_fields, run_fields
from mlfw.config.document import Document


def resolve_paths(
    composed: Any,
    bulk: dict[tuple[str, ...], Any],
    document: Document,
    entries: Mapping[str, Mapping[str, Any]],
    origins: Mapping[str, str],
) -> None:
    """Replace relative paths in path fields, in place; long lists of them stand in `bulk`.

    What the configuration file says counts from its folder, everything else from the current
    folder.
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
                    node[field] = _absolute(value, base)
                elif value is not None:
                    node[field] = [_absolute(item, base) for item in value]


def _absolute(value: str, base: Path) -> str:
    return str((base / Path(value).expanduser()).absolute()) if value else value
