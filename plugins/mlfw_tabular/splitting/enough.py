"""Whether there is enough to divide by."""

from __future__ import annotations

from mlfw import UserError
from mlfw_tabular.splitting.request import Request


def check_enough(request: Request, needed: int, what: str) -> None:
    """Check that there are as many groups or times as are needed.

    Args:
        request: What is to be divided by times, or else by groups.
        needed: How many parts there will be.
        what: What these are, in words.

    Raises:
        UserError: There are fewer groups, or fewer different times.
    """
    import numpy as np

    split = request.split
    key, things, values = "group", "groups", request.groups
    if request.times is not None:
        key, things, values = "time", "different times", request.order
    assert values is not None
    found = len(np.unique(values)) if key == "time" else np.count_nonzero(np.bincount(values))
    if found < needed:
        raise UserError(
            f"split.{key}={getattr(split, key)}: {found} {things} cannot be divided into {what}.",
            f"Choose another column, or leave split.{key} out.",
        )
