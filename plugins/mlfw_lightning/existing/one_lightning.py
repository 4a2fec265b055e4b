"""Code that imports `lightning` is given the classes of `pytorch_lightning`.

The two packages hold the same code under two names, and classes of one are none of the other's. A
training needs one of them, so that in this process both names lead to the same.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from types import ModuleType

NAME = "lightning"
PARTS = {"lightning.pytorch": "pytorch_lightning", "lightning.fabric": "lightning_fabric"}
# What `import lightning` gives beside these.
OF_PYTORCH = ("Callback", "LightningDataModule", "LightningModule", "Trainer", "seed_everything")


def unite() -> None:
    """Let `import lightning` give `pytorch_lightning`, from now on in this process.

    Nothing changes where `lightning` has been imported already.
    """
    if NAME in sys.modules or any(isinstance(each, _Finder) for each in sys.meta_path):
        return
    own = find_spec(NAME)
    sys.meta_path.insert(0, _Finder(list(own.submodule_search_locations or ()) if own else []))


class _Finder(MetaPathFinder):
    """Finds `lightning` and what it shares with `pytorch_lightning`.

    Args:
        folders: Where the rest of the package `lightning` lies, if it is installed.
    """

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return how a module is made, if it is one of these."""
        if fullname == NAME:
            spec = spec_from_loader(fullname, _Package())
            assert spec is not None
            spec.submodule_search_locations = self._folders
            return spec
        for part, real in PARTS.items():
            if fullname == part or fullname.startswith(f"{part}."):
                real_name = f"{real}{fullname.removeprefix(part)}"
                there = find_spec(real_name) is not None
                return spec_from_loader(fullname, _Same(real_name)) if there else None
        return None


class _Package(Loader):
    """Makes the package `lightning`."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python make an empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it as the package itself does."""
        pytorch = import_module("lightning.pytorch")
        for name in OF_PYTORCH:
            setattr(module, name, getattr(pytorch, name))
        module.__version__ = pytorch.__version__  # type: ignore[attr-defined]
        module.Fabric = import_module("lightning.fabric").Fabric  # type: ignore[attr-defined]


class _Same(Loader):
    """Gives a module that has another name.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002
        """Return the module itself."""
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give it back what importing it by another name has changed."""
        module.__spec__ = self._spec
