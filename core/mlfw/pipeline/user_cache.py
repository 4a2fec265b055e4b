"""The user's cache, as a run may use it."""

from __future__ import annotations

from mlfw.cache import Cache
from mlfw.pipeline.monitor import Monitor


def user_cache(monitor: Monitor) -> Cache | None:
    """Return the user's cache, or None where it cannot be written or has no room."""
    cache = Cache.of_user()
    reason = cache.trouble()
    if reason:
        monitor.note(f"prepared data are not kept for the next run: {reason}")
        return None
    return cache if cache.limit else None
