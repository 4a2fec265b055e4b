"""The import rule: code that a configuration names is imported only where the caller allows it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from mlfw.errors import ImportNotAllowedError, UserError, did_you_mean, listing
from mlfw.files import sha256

TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
Base = TypeVar("Base")


@dataclass(frozen=True)
class Imports:
    """From which packages code may be imported that a configuration or a saved model names.

    It is made from what stands on the command line (`--allow-import`) or what Python code passes
    (`allow_imports`), and handed on from there; nothing that is read from a file can widen it.

    Attributes:
        packages: Names of top-level packages.
    """

    packages: frozenset[str] = frozenset()

    @classmethod
    def of(cls, packages: Iterable[str]) -> Imports:
        """Allow some packages.

        Raises:
            UserError: One is not the name of a top-level package.
        """
        allowed = frozenset(packages)
        for name in sorted(allowed):
            if not name.isidentifier():
                raise UserError(
                    f"--allow-import {name}: expected the name of a top-level package.",
                    f"Type: --allow-import {name.partition('.')[0].partition(':')[0] or 'PACKAGE'}",
                )
        return cls(allowed)

    def check(self, targets: Iterable[tuple[str, str]]) -> None:
        """Check that all of some code may be imported, without importing any.

        Args:
            targets: Pairs of a key, for messages, and the `package.module:Class` that it names.

        Raises:
            UserError: Some is not of that form, or of a package that is not allowed.
        """
        refused: dict[str, str] = {}
        for key, target in targets:
            package = split_target(key, target)[0].partition(".")[0]
            if package not in self.packages:
                refused.setdefault(package, f"{key}={target}")
        if refused:
            allowed = listing(sorted(self.packages)) or "none"
            raise ImportNotAllowedError(
                f"{listing(refused.values())}: names code of {listing(refused)}, which only the "
                f"command line can allow to be imported; it allows {allowed}.",
                sorted(refused),
            )

    def load_class(self, key: str, target: str, base: type[Base]) -> type[Base]:
        """Import a class.

        Args:
            key: What names it, for messages.
            target: `package.module:Class`.
            base: What it must be a subclass of.

        Raises:
            UserError: It may not be imported, is not there, or is no such class.
        """
        self.check([(key, target)])
        module_name, name = split_target(key, target)
        module = _import(key, target, module_name)
        known = [n for n, v in vars(module).items() if _is_subclass(v, base) and v is not base]
        if not hasattr(module, name):
            raise UserError(
                f"{key}={target}: the module '{module_name}' has no '{name}'.",
                did_you_mean(name, known),
            )
        found = getattr(module, name)
        if not _is_subclass(found, base):
            expected = f"{base.__module__.partition('.')[0]}.{base.__name__}"
            raise UserError(
                f"{key}={target}: expected a subclass of {expected}, found "
                f"{_what(found, name, base)}.",
                f"Known: {listing(known)}."
                if known
                else f"Name another class; the module '{module_name}' holds none that is one.",
            )
        return found  # type: ignore[no-any-return]


def split_target(key: str, target: str) -> tuple[str, str]:
    """Return the module's and the class's name of `package.module:Class`.

    Raises:
        UserError: It is not of that form.
    """
    if not TARGET.fullmatch(target):
        found = f"'{target}'" if target else "nothing"
        raise UserError(
            f"{key}: expected package.module:Class, found {found}.",
            f"For example: {key}=mypackage.mymodule:MyClass",
        )
    module_name, _, name = target.partition(":")
    return module_name, name


def code_version(target: str) -> list[str]:
    """Return what changes when the code that is named does; nothing is imported.

    Returns:
        The distribution's version, where there is one, and a digest of the module's source file.
    """
    from importlib.metadata import PackageNotFoundError, version

    module_name = target.partition(":")[0]
    top, *rest = module_name.split(".")
    found = []
    for distribution in sorted(set(_distributions(tuple(sys.path)).get(top, ()))):
        try:
            found.append(f"{distribution} {version(distribution)}")
        except PackageNotFoundError:
            continue
    return [*found, *(sha256(file) for file in _source_files(top, rest))]


@cache
def _distributions(path: tuple[str, ...]) -> Mapping[str, list[str]]:  # noqa: ARG001
    """Return the distributions of every top-level package.

    Cached, as it reads the file lists of all installed distributions, which takes half a second.

    Args:
        path: `sys.path`, so that a changed path is looked up anew.
    """
    from importlib.metadata import packages_distributions

    return packages_distributions()


def _source_files(top: str, rest: list[str]) -> list[Path]:
    try:
        spec = find_spec(top)
    except ValueError:
        return []
    if spec is None:
        return []
    if not rest:
        return [Path(spec.origin)] if spec.origin and Path(spec.origin).is_file() else []
    folders = [Path(folder).joinpath(*rest) for folder in spec.submodule_search_locations or ()]
    files = [file for path in folders for file in (path.with_suffix(".py"), path / "__init__.py")]
    return [file for file in files if file.is_file()]


def _is_subclass(value: Any, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base)


def _what(found: Any, name: str, base: type) -> str:
    """Say what was found where a subclass was expected."""
    if not isinstance(found, type):
        return f"{name}, a {type(found).__name__}"
    namesakes = [cls.__module__ for cls in found.__mro__ if cls.__name__ == base.__name__]
    of = f" with the {base.__name__} of {namesakes[0]}" if namesakes else ""
    return f"the class {found.__name__}{of}"


def _import(key: str, target: str, name: str) -> Any:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise _not_there(key, target, missing) from None
        import logging

        logging.getLogger("mlfw").warning("%s cannot be imported", name, exc_info=True)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(
            f"{key}={target}: the module cannot be imported: {reason}.",
            f'See where it fails: {Path(sys.executable).name} -c "import {name}"',
        ) from None


def _not_there(key: str, target: str, missing: str) -> UserError:
    parent, _, name = missing.rpartition(".")
    if not parent:
        return UserError(
            f"{key}={target}: there is no package '{missing}' to import; the folder you are in "
            "is not searched.",
            "Install it with pip install -e FOLDER, or set PYTHONPATH=FOLDER, where FOLDER holds "
            f"{missing} or its pyproject.toml.",
        )
    path = getattr(sys.modules.get(parent), "__path__", None)
    if path is None:
        return UserError(
            f"{key}={target}: '{parent}' is a module and no package.",
            f"Type {key}={parent}:{target.partition(':')[2]}",
        )
    import pkgutil

    known = [module.name for module in pkgutil.iter_modules(path)]
    return UserError(
        f"{key}={target}: the package '{parent}' has no module '{name}'.", did_you_mean(name, known)
    )
