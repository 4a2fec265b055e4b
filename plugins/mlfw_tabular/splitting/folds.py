"""Dividing training and validation rows anew, for cross-validation."""

from __future__ import annotations

from collections.abc import Iterator

from mlfw import Finding, Fold, UserError
from mlfw_tabular.splitting.chance import deal
from mlfw_tabular.splitting.enough import check_enough
from mlfw_tabular.splitting.groups import by_group
from mlfw_tabular.splitting.request import Request
from mlfw_tabular.splitting.times import by_time


def fold_rows(request: Request) -> tuple[Fold, ...]:
    """Return the folds of training and validation rows.

    Without times, rows are divided into k parts, and fold i trains on the others and validates on
    part i. With times, they are divided into k + 1 parts, and fold i trains on the first i + 1
    parts and validates on the one after them, as scikit-learn's TimeSeriesSplit does.

    Args:
        request: The training rows followed by the validation rows. Nothing is assigned.

    Returns:
        The folds of the first repeat, then of the second, and so on.

    Raises:
        UserError: There are fewer rows, groups or times than needed.
    """
    split = request.split
    if not split.folds:
        return ()
    if request.rows < split.folds:
        raise UserError(
            f"split.folds={split.folds}: there are only {request.rows} training and validation "
            "rows.",
            "Set fewer folds, or give more rows.",
        )
    if request.times is not None:
        return tuple(_expanding(request))
    return tuple(fold for repeat in range(split.repeats) for fold in _repeat(request, repeat))


def _repeat(request: Request, repeat: int) -> Iterator[Fold]:
    import numpy as np

    folds = request.split.folds
    # The split itself draws from the seed alone, so that no repeat is a copy of it.
    random = np.random.default_rng([request.seed, repeat + 1])
    if request.groups is not None:
        check_enough(request, folds, f"{folds} folds")
        part = by_group(request.groups, request.strata, [1 / folds] * folds, random)
    else:
        part = deal(request.strata, folds, random)
    for number in random.permutation(folds).tolist():
        yield Fold(np.flatnonzero(part != number), np.flatnonzero(part == number))


def _expanding(request: Request) -> Iterator[Fold]:
    import numpy as np

    folds = request.split.folds
    check_enough(request, folds + 1, f"{folds} folds and rows before them")
    part = by_time(request.order, [1 / (folds + 1)] * (folds + 1))
    for number in range(1, folds + 1):
        yield Fold(np.flatnonzero(part < number), np.flatnonzero(part == number))


def small_classes(request: Request) -> tuple[Finding, ...]:
    """Return a finding where a class has fewer rows than there are folds."""
    import numpy as np

    sizes = np.bincount(request.strata)
    small = sizes[(sizes > 0) & (sizes < request.split.folds)]
    if request.labels is None or request.times is not None or not len(small):
        return ()
    finding = Finding(
        check="folds",
        message=f"{len(small)} of {np.count_nonzero(sizes)} classes have fewer rows than the "
        f"{request.split.folds} folds, so that some folds validate without them",
        remedy="Set fewer split.folds, or give more rows of these classes.",
        rows=int(small.sum()),
    )
    return (finding,)
