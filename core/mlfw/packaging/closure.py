"""The installed distributions that others need, and those that these need in turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution


def installed_closure(wanted: Mapping[str, Collection[str]]) -> dict[str, Distribution]:
    """Return installed distributions and everything installed that they require, transitively.

    Requirements whose markers (PEP 508) do not hold on this machine are passed over, and so is
    what is required and not installed: what works without it here works without it elsewhere.

    Args:
        wanted: The extras to count in, by the name of the distribution. Extras that a distribution
            does not have are passed over.

    Returns:
        The distributions by normalized name (PEP 503), sorted.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, Distribution] = {}
    extras: dict[str, set[str]] = defaultdict(set)
    waiting = [(name, set(asked)) for name, asked in wanted.items()]
    while waiting:
        name, asked = waiting.pop()
        key = canonicalize_name(name)
        if key in found and asked <= extras[key]:
            continue
        extras[key] |= asked
        if key not in found:
            try:
                found[key] = distribution(name)
            except PackageNotFoundError:
                continue
        for text in found[key].requires or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(
                marker.evaluate({"extra": extra}) for extra in ("", *extras[key])
            ):
                waiting.append((requirement.name, requirement.extras))
    return dict(sorted(found.items()))


def has_extra(name: str, extra: str) -> bool:
    """Tell whether an installed distribution has an extra."""
    from packaging.utils import canonicalize_name

    try:
        named = distribution(name).metadata.get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return False
    return canonicalize_name(extra) in map(canonicalize_name, named)
