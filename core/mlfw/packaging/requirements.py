"""The requirements of a saved model, as lines of a requirements file beside a folder of wheels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.errors import UserError
from mlfw.files import read_json
from mlfw.packaging.closure import has_extra, installed_closure
from mlfw.packaging.wheels import origin, write_wheel
from mlfw.plugins import Entry, load_plugins

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MLFW = "mlfw"


def pack_requirements(
    model: Path, folder: Path, *, extras: Iterable[str] = (), further: Iterable[str] = ()
) -> list[str]:
    """Pin all that using a saved model needs, and write the wheels that no package index has.

    These are mlfw, the distribution of the model's plugin, and what they need, transitively, each
    in the version that is installed here.

    Args:
        model: The saved model's folder.
        folder: Where to write the wheels.
        extras: Extras of mlfw to count in.
        further: Requirements to add; one of a distribution that is there replaces it.

    Returns:
        Lines of a requirements file for the folder above `folder`, sorted by name. A version's
        local part, such as `+cpu`, is left out, as package indexes have none.

    Raises:
        UserError: One of `further` is no requirement, or a wheel cannot be made.
    """
    from packaging.utils import canonicalize_name

    given: dict[str, str] = {canonicalize_name(_requirement(text).name): text for text in further}
    manifest = read_json(model / "manifest.json")
    entry = load_plugins().registry.get("model", manifest["model"]["use"])
    found = _closure(manifest, entry, extras)
    inside = {MLFW, canonicalize_name(entry.distribution)}
    lines = dict(given)
    for name, distribution in found.items():
        if name in given:
            continue
        if name in inside or origin(distribution) is not None:
            lines[name] = f"./{folder.name}/{write_wheel(distribution, folder).name}"
        else:
            lines[name] = f"{name}=={distribution.version.partition('+')[0]}"
    return [lines[name] for name in sorted(lines)]


def _closure(
    manifest: Mapping[str, Any], entry: Entry, extras: Iterable[str]
) -> dict[str, Distribution]:
    """Return the distributions that loading a saved model needs."""
    needs = manifest.get("needs") or {}
    extra = needs.get("extra", entry.component.extra)
    wanted: dict[str, set[str]] = {entry.distribution: set()}
    wanted.setdefault(MLFW, set()).update(extras)
    for name in (entry.distribution, MLFW):  # mlfw's own extra where the plugin has none
        if extra and has_extra(name, extra):
            wanted[name].add(extra)
            break
    found = installed_closure(wanted)
    lacking = set(needs.get("packages", entry.component.packages)) - _imported(found)
    if lacking:
        owners = packages_distributions()
        names = {name for package in lacking for name in owners.get(package, ())[:1]}
        found = installed_closure({**dict.fromkeys(names, ()), **wanted})
    return found


def _imported(found: Mapping[str, Distribution]) -> set[str]:
    """Return the import names of distributions that are called like what they install."""
    return {name.replace("-", "_") for name in found}


def _requirement(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement:
        raise UserError(
            f"deployer.requirements: expected pip requirements, found '{text}'.",
            "For example: 'deployer.requirements=[scikit-learn==1.9.1]'",
        ) from None
