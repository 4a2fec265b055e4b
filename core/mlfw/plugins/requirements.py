"""Telling which packages a set of components needs and lacks, and what to type to get them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from mlfw.errors import UserError, listing
from mlfw.hints import install, printable
from mlfw.plugins.registry import Entry


def require_packages(entries: Iterable[Entry]) -> None:
    """Check that the packages which components need are installed.

    Raises:
        UserError: Some are not; the message holds the exact `pip install` to type.
    """
    lacking = {entry.name: entry for entry in entries if entry.component.missing_packages()}
    if not lacking:
        return
    extras: dict[str, set[str]] = defaultdict(set)
    packages: set[str] = set()
    for entry in lacking.values():
        missing = entry.component.missing_packages()
        packages.update(missing)
        if entry.component.extra:
            extras[entry.distribution].add(entry.component.extra)
        else:
            for package in missing:
                extras[package] |= set()
    wanted = install(*(_with_extras(name, extras[name]) for name in sorted(extras)))
    places = [f"{entry.component.kind}={name}" for name, entry in lacking.items()]
    raise UserError(
        f"{listing(places, 3)}: not installed: {listing(sorted(packages))}.",
        f"Type: {wanted}" if wanted else "",
    )


def require_for_loading(entry: Entry, packages: Sequence[str], extra: str, place: str) -> None:
    """Check that the packages which a saved model needs are installed.

    Args:
        entry: Its component.
        packages: Import names of the packages.
        extra: The extra of the component's distribution that installs them.
        place: The saved model, for messages.

    Raises:
        UserError: Some are not; the message holds the `pip install` to type.
    """
    missing = [name for name in packages if not name.isidentifier() or find_spec(name) is None]
    if missing:
        wanted = install(_with_extras(entry.distribution, {extra} if extra else set()))
        raise UserError(
            f"{place}: not installed: {printable(listing(missing))}.",
            f"Type: {wanted}" if wanted else "",
        )


def _with_extras(name: str, extras: set[str]) -> str:
    return f"{name}[{','.join(sorted(extras))}]" if extras else name
