"""Workers of the cluster as the run sees them, and the jobs that they are running."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import mlfw
from mlfw.jobs.liveness import STOPPED as STOPPED_STATES
from mlfw_ray.losses import Loss, loss_of
from mlfw_ray.worker import CONTROL, RESULT, Worker, look

LATE_SECONDS = 5.0
numbers = itertools.count(1)


@dataclass(frozen=True)
class Needs:
    """What a worker takes of its node.

    Attributes:
        cpus: Number of cores that are set aside for it.
        gpus: Number of GPUs.
        memory: Bytes.
        threads: With how many threads it computes.
    """

    cpus: float
    gpus: float
    memory: float = 0
    threads: int = 1

    def to_options(self) -> dict[str, float]:
        """Return them as Ray's options."""
        options = {"num_cpus": self.cpus, "num_gpus": self.gpus}
        return options | ({"memory": self.memory} if self.memory else {})

    def to_bundle(self) -> dict[str, float]:
        """Return them as a bundle of a placement group."""
        bundle = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory}
        return {name: value for name, value in bundle.items() if value}


class RemoteWorker:
    """One worker of the cluster.

    Args:
        needs: What it takes.
        told: See `mlfw_ray.worker.Worker`; without the threads.
        strategy: Where it is to be placed, as Ray's scheduling strategy.
    """

    def __init__(self, needs: Needs, told: Mapping[str, Any], strategy: Any = None) -> None:
        self.needs = needs
        placed = {} if strategy is None else {"scheduling_strategy": strategy}
        content = {**told, "threads": needs.threads, "cwd": str(Path.cwd())}
        actor = ray.remote(concurrency_groups={CONTROL: 4})(Worker)
        self._actor = actor.options(max_restarts=0, **needs.to_options(), **placed).remote(
            json.dumps(content)
        )
        self.facts = self.call("facts")
        self.host = ""
        self.node = ""
        self.pid = 0

    def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method that answers while a job runs; return Ray's reference to the answer."""
        options = getattr(self._actor, method).options(concurrency_group=CONTROL)
        return options.remote(*arguments, **named)

    def run(self, number: int, job: mlfw.Job, rank: mlfw.Rank) -> Any:
        """Start a job; return Ray's reference to its result."""
        place = json.dumps(rank.__dict__)
        return self._actor.run.remote(number, json.dumps(job.to_json()), place)

    def learn(self) -> dict[str, Any]:
        """Return the worker's facts, once its first answer has come.

        Raises:
            RayError: It has died.
        """
        facts: dict[str, Any] = json.loads(ray.get(self.facts))
        self.host, self.node, self.pid = facts["host"], facts["node"], facts["pid"]
        return facts

    def kill(self) -> None:
        """End it, even where it is frozen; it is gone some seconds later."""
        ray.kill(self._actor)


@dataclass(frozen=True)
class Begun:
    """A job has begun to run."""


@dataclass(frozen=True)
class Message:
    """A job has told something.

    Attributes:
        content: The message of the worker, with the key `told` or `log`.
    """

    content: Mapping[str, Any]


@dataclass(frozen=True)
class Over:
    """A job has ended.

    Attributes:
        result: What `JobResult.from_json` takes; None if it has stopped because it was asked to.
    """

    result: Mapping[str, Any] | None


Event = Begun | Message | Over | Loss


@dataclass(eq=False)
class Call:
    """A job that a worker runs.

    Attributes:
        worker: The worker.
        job: The job.
        heartbeat: After how many seconds of silence it may be frozen.
        attempt: The how-manieth time it is started.
        rank: Its place among others.
        begun: Whether the worker was heard to run it.
        is_over: Whether the worker was heard to have ended it.
    """

    worker: RemoteWorker
    job: mlfw.Job
    heartbeat: float
    attempt: int = 1
    rank: mlfw.Rank = field(default_factory=mlfw.Rank)
    begun: bool = False
    _heard_at: float = field(default_factory=time.monotonic)
    _looks_at: float = 0
    _ticks: int | None = None
    _is_still: bool = False
    is_over: bool = False
    _look: Any = None

    def __post_init__(self) -> None:
        self._number = next(numbers)
        self._run = self.worker.run(self._number, self.job, self.rank)
        self._hear = self._listen()

    @property
    def references(self) -> list[Any]:
        """What to wait for."""
        facts = None if self.worker.pid else self.worker.facts
        waiting = [self._run if self.is_over else self._hear, self._look, facts]
        return [reference for reference in waiting if reference is not None]

    def wake(self) -> None:
        """Count its silence from now on, as after a pause of this process itself."""
        self._heard_at, self._ticks, self._is_still = time.monotonic(), None, False

    def take(self, ready: set[Any]) -> Iterator[Event]:
        """Yield what has become of it.

        Args:
            ready: The references that Ray has answers for.
        """
        try:
            if not self.worker.pid and self.worker.facts in ready:
                self.worker.learn()
                self.wake()
            if self._hear in ready:
                yield from self._heard()
            if self.is_over and self._run in ready:
                outcome = json.loads(ray.get(self._run))
                yield Over(outcome.get(RESULT))
                return
            if self._look in ready:
                self._seen(json.loads(ray.get(self._look)))
        except ray.exceptions.RayError as error:
            yield loss_of(error, self.worker.host)
            return
        if self.worker.pid and self._is_frozen():
            self.worker.kill()
            yield Loss("the worker was frozen", self.worker.host)

    def _listen(self) -> Any:
        return self.worker.call("hear", self._number, self.heartbeat / 4)

    def _heard(self) -> Iterator[Event]:
        told = json.loads(ray.get(self._hear))
        self.wake()
        if told["begun"] and not self.begun:
            self.begun = True
            yield Begun()
        for message in told["messages"]:
            yield Message(message)
        self.is_over = told["over"]
        self._hear = None if self.is_over else self._listen()

    def _is_frozen(self) -> bool:
        """Return whether it is silent for too long and does not compute either."""
        now, heartbeat = time.monotonic(), self.heartbeat
        silent = now - self._heard_at
        if silent > heartbeat / 2 and self._look is None and now > self._looks_at:
            here = NodeAffinitySchedulingStrategy(self.worker.node, soft=False)
            task = ray.remote(num_cpus=0, max_retries=0)(look)
            self._look = task.options(scheduling_strategy=here).remote(self.worker.pid)
        return silent > heartbeat and (self._is_still or silent > 2 * heartbeat + LATE_SECONDS)

    def _seen(self, found: Sequence[Any] | None) -> None:
        """Judge by what the system of its node says of its process."""
        self._look, self._looks_at = None, time.monotonic() + self.heartbeat / 4
        state, ticks = found or (STOPPED_STATES[0], None)
        if state in STOPPED_STATES or ticks == self._ticks:
            self._is_still = True
        elif self._ticks is None:
            self._ticks = ticks
        else:  # it computes in code that lets no other thread run
            self.wake()
