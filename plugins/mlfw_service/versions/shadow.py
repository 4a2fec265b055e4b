"""Models that predict the same rows as well, after the answer has been sent."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw_service.versions.agreement import disagreements
from mlfw_service.versions.counts import VersionCounts
from mlfw_service.versions.shadowed import Predicted
from mlfw_service.versions.version import Slot, Version

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger("mlfw.service")

MOST_REQUESTS = 1_000
QUIET = 60.0  # seconds between two lines about a shadow that fails

Told = Callable[[Version, Predicted, "pa.Table", str], None]


@dataclass(frozen=True)
class Asked:
    """A request that has been answered.

    Attributes:
        predicted: Its rows and the predictions that were sent.
        model: The name of the model that answered.
        number: The id under which the request is logged.
        size: How many bytes it took, about.
    """

    predicted: Sequence[Predicted]
    model: str
    number: str
    size: int

    @property
    def rows(self) -> int:
        """How many rows it had."""
        return sum(each.predictions.num_rows for each in self.predicted)


class Shadow:
    """Predicts the rows of answered requests by one model, in a thread of its own.

    Where it is too slow for all of them, requests are passed over and counted.

    Args:
        slot: The model.
        most: Most bytes of requests that wait.
        tolerance: The relative difference of two numbers that agree.
        counts: Where it is counted.
        told: Called with each prediction, in that thread.
    """

    def __init__(
        self,
        slot: Slot,
        most: int,
        tolerance: float,
        counts: VersionCounts,
        told: Told | None = None,
    ) -> None:
        self._slot, self._most, self._tolerance, self._told = slot, most, tolerance, told
        name = slot.version.name
        self._name = name
        self._rows, self._failures = counts.rows.labels(name), counts.failures.labels(name)
        self._dropped, self._disagreements = counts.dropped.labels(name), counts.disagreements
        self._waiting: deque[Asked] = deque()
        self._size = 0
        self._closed = False
        self._warned = -QUIET
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="mlfw-shadow", daemon=True)
        self._thread.start()

    def offer(self, asked: Asked) -> None:
        """Have the rows of an answered request predicted, some time."""
        with self._changed:
            full = len(self._waiting) >= MOST_REQUESTS or self._size + asked.size > self._most
            if self._closed or (self._waiting and full):
                self._dropped.inc(asked.rows)
                return
            self._waiting.append(asked)
            self._size += asked.size
            self._changed.notify()

    def close(self) -> None:
        """Let the thread end; what waits is passed over."""
        with self._changed:
            self._closed = True
            self._dropped.inc(sum(each.rows for each in self._waiting))
            self._waiting.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                asked = self._waiting.popleft()
                self._size -= asked.size
            try:
                self._predict(asked)
            except BaseException:  # whatever the model does, the next request is predicted
                self._failures.inc()
                if time.monotonic() - self._warned >= QUIET:
                    self._warned = time.monotonic()
                    logger.warning("the shadow %s failed", ascii(self._name), exc_info=True)

    def _predict(self, asked: Asked) -> None:
        version = self._slot.version
        for each in asked.predicted:
            found = version.model.predict_noting(each.rows, [])
            count = disagreements(each.predictions, found, version.model.schema, self._tolerance)
            self._rows.inc(found.num_rows)
            self._disagreements.labels(self._name, asked.model).inc(count)
            if self._told is not None:
                self._told(version, each, found, asked.number)
