"""Jobs that work together, such as the ranks of one training: all are started, or none."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import (
    NodeAffinitySchedulingStrategy,
    PlacementGroupSchedulingStrategy,
)

import mlfw
from mlfw_ray.losses import Loss, loss_of
from mlfw_ray.remote import Call, Over, RemoteWorker
from mlfw_ray.stop import Stop

if TYPE_CHECKING:
    from mlfw_ray.places import Places
    from mlfw_ray.workers import RayWorkers

WAIT_SECONDS = 0.5
ROOM_SECONDS = 30.0
LEAVE_SECONDS = 2.0
# A rank that loses another fails by itself; which of them was lost is known a little later.
TELL_SECONDS = 5.0


class Group:
    """Jobs that are started together, again and again if one of them is lost.

    Args:
        workers: The run's workers.
        jobs: The jobs, in the order of their ranks.
        places: Where they run.
        watch: Follows them.
    """

    def __init__(
        self,
        workers: RayWorkers,
        jobs: Sequence[mlfw.Job],
        places: Places,
        watch: mlfw.Watch,
    ) -> None:
        self._workers = workers
        self._jobs = jobs
        self._places = places
        self._watch = watch
        self._stop = Stop(watch)
        self._members: list[RemoteWorker] = []
        self._results: dict[int, mlfw.JobResult] = {}

    def run(self) -> list[mlfw.JobResult]:
        """Run the jobs until an attempt is not lost; return their results in their order.

        Raises:
            StopRequested: The run is to stop.
            UserError: A machine cannot take part.
        """
        attempt = 1
        while (lost := self._attempt(attempt)) is not None:
            rank, loss = lost
            name = str(self._jobs[rank])
            if attempt > self._workers.retries:
                failure = self._workers.failure(loss, self._places.needs, attempt)
                self._results[rank] = mlfw.JobResult(self._jobs[rank], None, failure, attempt)
                break
            self._watch.note(self._workers.again(name, loss, attempt))
            attempt += 1
        return [self._results.get(rank) or self._ended(rank, attempt) for rank in self._ranks]

    @property
    def _ranks(self) -> range:
        return range(len(self._jobs))

    def _ended(self, rank: int, attempt: int) -> mlfw.JobResult:
        """Return the result of a job that was ended since another has failed."""
        failure = mlfw.JobFailure(
            mlfw.FailureKind.crash, "was ended, as another rank has failed.", host="the cluster"
        )
        return mlfw.JobResult(self._jobs[rank], None, failure, attempt)

    def _attempt(self, attempt: int) -> tuple[int, Loss] | None:
        """Run all once; return which was lost and how, if one was."""
        self._results = {}
        needs, meeting = self._places.needs, ""
        group = None
        try:
            if not self._places.nodes:
                group = self._set_aside()
            told = self._workers.told()
            self._members = [
                RemoteWorker(needs, told, self._place(group, rank)) for rank in self._ranks
            ]
            try:
                meeting, seats = self._meet()
            except ray.exceptions.RayError as error:
                return 0, loss_of(error, "")
            calls = [
                Call(
                    member,
                    job,
                    self._workers.heartbeat,
                    attempt,
                    mlfw.Rank(rank, len(self._jobs), seats[rank], meeting),
                )
                for rank, (member, job) in enumerate(zip(self._members, self._jobs, strict=True))
            ]
            return self._follow(calls)
        finally:
            self._leave(meeting)
            if group is not None:
                remove_placement_group(group)

    def _set_aside(self) -> Any:
        """Let the cluster set aside what all need, and wait until it has."""
        bundles = [self._places.needs.to_bundle() for _ in self._jobs]
        group = placement_group(bundles, strategy="STRICT_SPREAD" if self._places.apart else "PACK")
        began, noted, ready = time.monotonic(), False, group.ready()
        try:
            while not ray.wait([ready], timeout=WAIT_SECONDS)[0]:
                self._stop.look([])
                self._stop.end()
                if not noted and time.monotonic() - began > ROOM_SECONDS:
                    noted = True
                    count = len(self._jobs)
                    self._watch.note(f"waiting until the cluster has room for {count} ranks")
        except BaseException:
            remove_placement_group(group)
            raise
        return group

    def _place(self, group: Any, rank: int) -> Any:
        """Return where a worker is placed."""
        if group is None:
            return NodeAffinitySchedulingStrategy(self._places.nodes[rank], soft=False)
        return PlacementGroupSchedulingStrategy(group, rank, False)

    def _meet(self) -> tuple[str, list[int]]:
        """Let the workers know where they meet.

        Returns:
            The URL, and of each worker its number among those of its node.

        Raises:
            RayError: A worker has died.
            UserError: One cannot take part.
        """
        for member in self._members:
            self._answers([member.facts])
            self._workers.check(member)
        seen: Counter[str] = Counter()
        seats = []
        for member in self._members:
            seats.append(seen[member.node])
            seen[member.node] += 1
        one_node = len(seen) == 1
        (meeting,) = self._answers([self._members[0].call("meeting", one_node=one_node)])
        name = "lo0" if sys.platform == "darwin" else "lo"
        here = {"GLOO_SOCKET_IFNAME": name, "NCCL_SOCKET_IFNAME": name} if one_node else {}
        self._answers([member.call("join", json.dumps(here)) for member in self._members])
        return meeting, seats

    def _answers(self, references: list[Any]) -> list[Any]:
        """Wait for answers, unless the run is to stop."""
        while len(ray.wait(references, num_returns=len(references), timeout=WAIT_SECONDS)[0]) < len(
            references
        ):
            self._stop.look([])
            self._stop.end()
        return list(ray.get(references))

    def _follow(self, calls: list[Call]) -> tuple[int, Loss] | None:
        """Follow the jobs to their end; return which was lost and how, if one was."""
        failed_at = 0.0
        while calls:
            for call, event in self._workers.listen(calls, self._watch):
                rank = call.rank.rank
                if isinstance(event, Loss):
                    self._end(calls)
                    self._stop.end()
                    return rank, event
                if isinstance(event, Over):
                    calls.remove(call)
                    if event.result is None:
                        continue
                    result = self._workers.result(call, event.result)
                    self._results[rank] = result
                    if result.failure is not None and not failed_at:
                        certain = result.failure.kind is mlfw.FailureKind.user_error
                        failed_at = time.monotonic() - (TELL_SECONDS if certain else 0)
            self._stop.look(calls)
            if failed_at and time.monotonic() - failed_at > TELL_SECONDS:
                self._end(calls)
        self._stop.end()
        return None

    def _end(self, calls: list[Call]) -> None:
        for call in calls:
            call.worker.kill()
            if call.begun and not call.is_over:
                self._watch.ended(call.job)
        calls.clear()

    def _leave(self, meeting: str) -> None:
        """End all workers, and remove what they have met at."""
        if meeting and self._members:
            answers = [member.call("leave", meeting) for member in self._members]
            ray.wait(answers, num_returns=len(answers), timeout=LEAVE_SECONDS)
        for member in self._members:
            member.kill()
        self._members = []
