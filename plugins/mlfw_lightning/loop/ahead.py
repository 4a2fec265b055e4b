"""Making things ahead of their use, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
    rest = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Made]] = deque(pool.submit(make, i) for i in islice(rest, workers))
        while waiting:
            ready = waiting.popleft().result()
            waiting.extend(pool.submit(make, item) for item in islice(rest, 1))
            yield ready
