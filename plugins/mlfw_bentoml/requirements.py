"""What must be installed where a saved model is served, in the versions that made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.files import read_json
from mlfw.plugins import load_plugins

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MLFW = "mlfw"


def pinned_requirements(model: Path, further: Iterable[str]) -> list[str]:
    """Return the pip requirements of a saved model's service, pinned to what is installed.

    They are mlfw, the distribution of the model's plugin, and what these two ask for; what those
    ask for in turn is left to pip, so that a Bento can be built on another system than it serves.

    Args:
        model: The saved model's folder.
        further: Requirements to add; one of a package that is there replaces it.
    """
    from packaging.utils import canonicalize_name

    manifest = read_json(model / "manifest.json")
    entry = load_plugins().registry.get("model", manifest["model"]["use"])
    wanted = {MLFW: {"bentoml"}}
    extra = manifest.get("needs", {}).get("extra", entry.component.extra)
    if extra:
        wanted.setdefault(entry.distribution, set()).add(extra)
    wanted.setdefault(entry.distribution, set())
    pins: dict[str, str] = {}
    for name, extras in wanted.items():
        for needed in _needed(name, extras):
            pins.setdefault(canonicalize_name(needed), _pin(needed))
    for name, extras in wanted.items():
        pins[canonicalize_name(name)] = _pin(name, extras)
    pins.pop("bentoml", None)  # BentoML adds itself
    for text in further:
        pins[canonicalize_name(_requirement(text).name)] = text
    return [pins[name] for name in sorted(pins)]


def _requirement(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement:
        raise UserError(
            f"deployer.requirements: expected pip requirements, found '{text}'.",
            "For example: 'deployer.requirements=[scikit-learn==1.9.1]'",
        ) from None


def _needed(distribution: str, extras: set[str]) -> Iterator[str]:
    """Yield the names of the installed packages that a distribution asks for by itself."""
    from packaging.requirements import Requirement

    for text in requires(distribution) or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            continue
        try:
            version(requirement.name)
        except PackageNotFoundError:
            continue
        yield requirement.name


def _pin(name: str, extras: Iterable[str] = ()) -> str:
    listed = f"[{','.join(sorted(extras))}]" if extras else ""
    # A local version such as 2.13.0+cpu is in no package index.
    return f"{name}{listed}=={version(name).partition('+')[0]}"
