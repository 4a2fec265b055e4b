"""Making things ahead of their use, in order.

What makes them uses NumPy, not PyTorch: as soon as several threads compute with PyTorch, their own
helpers outnumber the cores, and those that learn wait for one another ten times as long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def ahead(make: Callable[[Item], Made], items: Iterable[Item], workers: int) -> Iterator[Made]:
    """Yield what is made of every item, in order.

    Args:
        make: Makes one thing; independent of the others.
        items: What the things are made of.
        workers: How many threads make the next ones meanwhile, as many ahead; 0 for none.
    """
    if not workers:
        yield from map(make, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from in_pool(pool, make, items, workers)


def in_pool(
    pool: Executor, make: Callable[[Item], Made], items: Iterable[Item], most: int
) -> Iterator[Made]:
    """Yield what threads that others use as well make of every item, in order.

    Args:
        pool: The threads.
        make: Makes one thing; independent of the others.
        items: What the things are made of.
        most: How many things are made ahead.
    """
    rest = iter(items)
    waiting: deque[Future[Made]] = deque(pool.submit(make, i) for i in islice(rest, most))
    while waiting:
        ready = waiting.popleft().result()
        waiting.extend(pool.submit(make, item) for item in islice(rest, 1))
        yield ready
        del ready  # it may be large, and nobody else may need it any more
