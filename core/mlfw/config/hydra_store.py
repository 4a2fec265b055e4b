"""Lending all components to Hydra for one composition."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlfw.config.lists import loosened
from mlfw.config.root import RootSchema
from mlfw.errors import UserError
from mlfw.plugins import Registry

ROOT = "mlfw_root"


@contextmanager
def hydra_store(
    registry: Registry, folder: Path | None, needed: Mapping[str, Collection[str]] | None = None
) -> Iterator[Any]:
    """Yield a Hydra config store that knows the components, and forget it afterwards.

    Args:
        registry: The components there are.
        folder: Where presets lie, if anywhere.
        needed: Names of the components to store, by kind; None for all of them. Storing all of
            them takes longer than composing a configuration.

    Raises:
        UserError: A preset has the name of a component.
    """
    from hydra import initialize_config_module
    from hydra.conf import HydraConf
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra

    store = ConfigStore.instance()
    before = dict(store.repo)
    try:
        GlobalHydra.instance().clear()
        for kind, entries in registry.entries.items():
            for name, entry in entries.items():
                package = f"metrics.{name}" if kind == "metrics" else None
                _check_shadowing(folder, kind, name)
                if needed is not None and name not in needed.get(kind, ()):
                    continue
                store.store(
                    group=kind,
                    name=name,
                    node=loosened(entry.component),
                    package=package,
                    provider=entry.plugin,
                )
        store.store(name=ROOT, node=RootSchema)
        if needed is not None:
            # Hydra's own groups, such as its logging, are never used: do not compose them.
            bare = HydraConf(defaults=["_self_"])
            store.store(group="hydra", name="config", node=bare, provider="hydra")
        # A package without presets; `initialize` would inspect the whole call stack.
        with initialize_config_module("mlfw.config", version_base="1.3"):
            yield store
    finally:
        GlobalHydra.instance().clear()
        store.repo = before
        store.store(group="hydra", name="config", node=HydraConf, provider="hydra")


def _check_shadowing(folder: Path | None, kind: str, name: str) -> None:
    if folder is not None and (folder / kind / f"{name}.yaml").exists():
        raise UserError(
            f"{folder / kind / name}.yaml: a preset may not bear the name of the component "
            f"{kind}={name}.",
            "Rename the file.",
        )
