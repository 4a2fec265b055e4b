"""What all searches share: a study in memory, and seeds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlfw.files import digest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's log, which goes to the terminal by default, and its warnings silent."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def new_study(sampler: BaseSampler, *, maximize: bool) -> Study:
    """Return an empty study that lives in memory alone."""
    import optuna

    return optuna.create_study(
        storage=optuna.storages.InMemoryStorage(),
        sampler=sampler,
        direction="maximize" if maximize else "minimize",
    )


def derived_seed(*parts: int) -> int:
    """Return a 32-bit seed that follows from the parts and from nothing else."""
    return int(digest(list(parts))[:8], 16)
