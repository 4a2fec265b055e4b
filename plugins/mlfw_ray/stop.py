"""Passing on to jobs that the run is to stop."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import mlfw

if TYPE_CHECKING:
    from mlfw_ray.remote import Call

SAVE_SECONDS = 25.0


class Stop:
    """Passes on that the run is to stop: jobs get time to save, if they notice at all."""

    def __init__(self, watch: mlfw.Watch) -> None:
        self._watch = watch
        self._answers: dict[Any, Call] = {}
        self._asked_at = 0.0
        self.asked = False

    def look(self, calls: list[Call]) -> None:
        """Ask jobs to stop, once; end those that have not noticed, or that take too long."""
        if not self.asked and self._watch.stopping():
            self.asked, self._asked_at = True, time.monotonic()
            self._answers = {call.worker.call("stop"): call for call in calls}
        if not self.asked:
            return
        for call in self._unaware():
            if call in calls:
                self._end(calls, call)
        if time.monotonic() - self._asked_at > SAVE_SECONDS:
            for call in list(calls):
                self._end(calls, call)

    def end(self) -> None:
        """End the iteration.

        Raises:
            StopRequested: The run is to stop.
        """
        if self.asked:
            raise mlfw.StopRequested

    def _unaware(self) -> list[Call]:
        """Return the calls whose job does not ask whether it is to stop."""
        import ray

        waiting = list(self._answers)
        answered = ray.wait(waiting, num_returns=len(waiting), timeout=0)[0] if waiting else []
        found = []
        for answer in answered:
            call = self._answers.pop(answer)
            with suppress(ray.exceptions.RayError):
                if not json.loads(ray.get(answer)):
                    found.append(call)
        return found

    def _end(self, calls: list[Call], call: Call) -> None:
        call.worker.kill()
        calls.remove(call)
        if call.begun:
            self._watch.ended(call.job)
