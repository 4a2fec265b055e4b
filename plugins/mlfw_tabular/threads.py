"""Work on many values, in threads where that is faster; Arrow and NumPy let other threads run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from mlfw.components.trainer import untold

# Below this many values, threads cost more than they save.
LEAST_VALUES = 200_000
MOST_THREADS = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    values: int,
    told: Callable[[Item], None] = untold,
) -> list[Result]:
    """Return a function's results, in order.

    Args:
        function: What is done with each item; independent of the others.
        items: The items.
        values: About how many values there are in all.
        told: Given each item when it is done, in the thread that waits for all of them.
    """
    if values < LEAST_VALUES:
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS)) as pool:
        futures = {pool.submit(function, item): item for item in items}
        for future in as_completed(futures):
            if future.exception() is not None:
                pool.shutdown(cancel_futures=True)
                break
            told(futures[future])
    # Those that were not begun come after the one that has failed.
    return [future.result() for future in futures]
