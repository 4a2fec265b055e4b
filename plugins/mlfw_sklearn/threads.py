"""Computing with as many threads as rows and idle cores are worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any

from mlfw.threads import worth_threads

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

ALL = -1  # scikit-learn's number of jobs for all cores


@contextmanager
def threads_for(values: int) -> Iterator[None]:
    """Let OpenMP use as many threads within the block as the values are worth.

    Estimators give the same result with any number of OpenMP threads. BLAS does not, so that its
    threads are left alone.

    Args:
        values: How many values are worked on at a time.
    """
    with _pools().limit(limits=worth_threads(values), user_api="openmp"):
        yield


def with_jobs(estimator: Any, values: int) -> Any:
    """Return an estimator for all cores as one for as many cores as are worth it.

    Args:
        estimator: Any estimator; it stays as it is.
        values: How many values all jobs together work on.
    """
    if getattr(estimator, "n_jobs", None) != ALL:
        return estimator
    limited = copy(estimator)
    limited.n_jobs = worth_threads(values)
    return limited


@cache
def _pools() -> ThreadpoolController:
    """Return what sets the threads of the libraries that scikit-learn computes with."""
    import sklearn.ensemble  # noqa: F401  (loads them)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
