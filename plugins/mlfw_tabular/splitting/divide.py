"""Training, validation and test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.splitting.chance import by_chance
from mlfw_tabular.splitting.enough import check_enough
from mlfw_tabular.splitting.folds import fold_rows
from mlfw_tabular.splitting.groups import by_group
from mlfw_tabular.splitting.request import TEST, TRAIN, VALIDATION, Division, Request
from mlfw_tabular.splitting.times import by_time

if TYPE_CHECKING:
    import numpy as np

SHOWN = {"train": "training", "validation": "validation", "test": "test"}


def divide(request: Request) -> Division:
    """Return which rows are for training, validation and testing, and the folds if any.

    Raises:
        UserError: A split would be empty, there are fewer groups, times or rows than needed, or
            the data put rows of one group into two splits.
    """
    import numpy as np

    place = np.zeros(request.rows, np.int8)
    if request.assigned is not None:
        place = request.assigned.astype(np.int8)
        _check_assigned(request, place)
    missing = [split for split in (VALIDATION, TEST) if not (place == split).any()]
    if missing:
        training = np.flatnonzero(place == TRAIN)
        place[training] = _placed(request.take(training), missing)
    parts = [np.flatnonzero(place == split) for split in (TRAIN, VALIDATION, TEST)]
    for name, part in zip(SPLIT_NAMES, parts, strict=True):
        if not len(part):
            raise UserError(
                f"split: {request.rows} rows leave none for the {SHOWN[name]} split.",
                "Give more rows, or change split.validation and split.test.",
            )
    train, validation, test = parts
    folds = fold_rows(request.take(np.concatenate([train, validation])))
    return Division(train=train, validation=validation, test=test, folds=folds)


def _placed(request: Request, missing: list[int]) -> np.ndarray:
    """Return 0, 1 or 2 for each training row: it stays, or goes to a split that has none."""
    import numpy as np

    split = request.split
    share = {VALIDATION: split.validation, TEST: split.test}
    names = np.array([TRAIN, *missing], np.int8)
    shares = [1 - sum(share[part] for part in missing), *(share[part] for part in missing)]
    if request.times is not None or request.groups is not None:
        check_enough(request, len(names), f"{len(names)} splits")
    if request.times is not None:
        return np.take(names, by_time(request.order, shares))
    random = np.random.default_rng(request.seed)
    if request.groups is not None:
        return np.take(names, by_group(request.groups, request.strata, shares, random))
    return np.take(names[::-1], by_chance(request.strata, shares[:0:-1], random))


def _check_assigned(request: Request, place: np.ndarray) -> None:
    import numpy as np

    split = request.split
    if len(np.unique(place)) == len(SPLIT_NAMES) and request.times is not None and not split.folds:
        raise UserError(
            f"split.time={split.time}: the data say for each row where it belongs already.",
            "Leave split.time out.",
        )
    if request.groups is None:
        return
    pairs = np.unique(request.groups * len(SPLIT_NAMES) + place)
    torn = np.flatnonzero(np.diff(pairs // len(SPLIT_NAMES)) == 0)
    if len(torn):
        first, second = (
            SHOWN[SPLIT_NAMES[pair % len(SPLIT_NAMES)]] for pair in pairs[torn[0] : torn[0] + 2]
        )
        group = pairs[torn[0]] // len(SPLIT_NAMES)
        name = group if request.names is None else request.names[int(group)]
        count = len(np.unique(pairs[torn] // len(SPLIT_NAMES)))
        raise UserError(
            f"split.group={split.group}: the data put rows of the group '{name}' into the {first} "
            f"and the {second} split; so they do with {count} groups in all.",
            "Correct the data, or leave split.group out.",
        )
