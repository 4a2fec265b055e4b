"""The workers of a run on Ray: which jobs run where, and what becomes of those that are lost."""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlfw
from mlfw.files import TEMPORARY_PREFIX
from mlfw.hints import override
from mlfw.jobs.logs import log_received
from mlfw_ray.cluster import Cluster, join
from mlfw_ray.places import Plan, places_together, plan
from mlfw_ray.stop import Stop

if TYPE_CHECKING:
    from mlfw_ray.executor import RayExecutor
    from mlfw_ray.losses import Loss
    from mlfw_ray.remote import Call, Event, Needs, RemoteWorker

WAIT_SECONDS = 0.5
# A pause so long is one of this process, which was frozen too: workers had no chance to be heard.
PAUSE_SECONDS = 5.0


@dataclass
class _Attempt:
    """A job to be started for the how-manieth time."""

    job: mlfw.Job
    number: int = 1


class RayWorkers(mlfw.Workers):
    """Runs jobs on a cluster; one iteration over `map` goes on at a time.

    Args:
        options: The executor's configuration.
        setup: What jobs are given.
        inside: With how many threads the job computes that starts these; 0 for a run itself. Its
            cores are those of the jobs too, as it only waits for them.
    """

    def __init__(self, options: RayExecutor, setup: mlfw.JobSetup, *, inside: int = 0) -> None:
        self.retries = options.retries
        self.heartbeat = options.heartbeat
        self._options = options
        self._setup = setup
        self._inside = inside
        self._joined: Cluster | None = None
        self._idle: list[RemoteWorker] = []
        self._probe = ""

    @property
    def gpus(self) -> int:  # type: ignore[override]
        """How many GPUs there are, on all machines."""
        return int(sum(node.gpus for node in self._cluster.nodes()))

    def slots(self, resources: mlfw.Resources) -> int:
        """Return how many jobs there is room for, but no more than `workers`.

        Raises:
            UserError: The cluster has not what one job needs.
        """
        return self._plan(resources).slots

    def map(
        self, jobs: Iterable[mlfw.Job], resources: mlfw.Resources, watch: mlfw.Watch
    ) -> Generator[mlfw.JobResult]:
        """Run jobs side by side; see `mlfw.Workers.map`."""
        plan = self._plan(resources)
        waiting, again = iter(jobs), deque[_Attempt]()
        calls: list[Call] = []
        stop = Stop(watch)
        try:
            while True:
                while not stop.asked and len(calls) < plan.slots:
                    attempt = again.popleft() if again else _next(waiting)
                    if attempt is None:
                        break
                    calls.append(self._call(attempt, plan))
                if not calls:
                    break
                for call, event in self.listen(calls, watch):
                    result = self._act(calls, call, event, watch, again)
                    if result is not None and not stop.asked:
                        yield result
                self._hand_over(calls)
                stop.look(calls)
        finally:
            for call in calls:
                call.worker.kill()
        stop.end()

    def together(
        self, jobs: Sequence[mlfw.Job], resources: mlfw.Resources, watch: mlfw.Watch
    ) -> list[mlfw.JobResult]:
        """Run jobs that work together; see `mlfw.Workers.together`."""
        from mlfw_ray.group import Group

        places = places_together(self._cluster, resources, self._options, len(jobs), self._inside)
        self._end_idle()
        return Group(self, jobs, places, watch).run()

    def close(self) -> None:
        """End all workers, and Ray itself where it was started for this run."""
        if self._joined is None:
            return
        self._end_idle()
        if self._probe:
            assert self._setup.folder is not None
            (self._setup.folder / self._probe).unlink(missing_ok=True)
        self._joined.close()
        self._joined = None

    def told(self) -> dict[str, Any]:
        """Return what each worker is told; see `mlfw_ray.worker.Worker`."""
        options = dataclasses.asdict(self._options)
        folder = self._setup.folder
        if folder is not None and not self._probe and not self._cluster.is_local:
            self._probe = f"{TEMPORARY_PREFIX}shared-{secrets.token_hex(8)}"
            (folder / self._probe).touch()
        return {
            "environment": {
                name: value for name, value in os.environ.items() if name.startswith("MLFW_")
            },
            "packages": sorted(self._setup.imports.packages),
            "folder": str(folder) if folder is not None else "",
            "probe": self._probe,
            "options": options | {"address": "auto", "workers": None},
        }

    def listen(self, calls: Sequence[Call], watch: mlfw.Watch) -> Iterator[tuple[Call, Event]]:
        """Wait a while for what becomes of jobs; messages of theirs are passed on.

        Args:
            calls: The jobs.
            watch: Told of their messages, and that they have begun and ended.

        Raises:
            UserError: A worker cannot take part in the run.
        """
        import ray

        from mlfw_ray.losses import Loss
        from mlfw_ray.remote import Begun, Message, Over

        began = time.monotonic()
        references = [reference for call in calls for reference in call.references]
        found, _ = ray.wait(references, timeout=WAIT_SECONDS, fetch_local=False)
        if found:
            found, _ = ray.wait(references, num_returns=len(references), timeout=0)
        if time.monotonic() - began > PAUSE_SECONDS:
            for call in calls:
                call.wake()
        ready = set(found)
        for call in list(calls):
            if call not in calls:
                continue
            for event in call.take(ready):
                if isinstance(event, Begun):
                    self.check(call.worker)
                    watch.started(call.job, self.host_of(call.worker))
                elif isinstance(event, Message) and "told" in event.content:
                    watch.told(call.job, event.content["told"])
                elif isinstance(event, Message):
                    log_received(event.content["log"], f"worker on {call.worker.host}")
                if isinstance(event, Over | Loss) and call.begun:
                    watch.ended(call.job)
                yield call, event

    def host_of(self, worker: RemoteWorker) -> str:
        """Return the machine of a worker; empty for this one."""
        return "" if worker.node == self._cluster.home else worker.host

    @property
    def _cluster(self) -> Cluster:
        if self._joined is None:
            self._joined = join(self._options, self._setup.note)
        return self._joined

    def _plan(self, resources: mlfw.Resources) -> Plan:
        return plan(self._cluster, resources, self._options, self._inside)

    def _call(self, attempt: _Attempt, plan: Plan) -> Call:
        """Let an idle worker, or else a new one, run a job; idle ones of other needs are ended."""
        from mlfw_ray.remote import Call, RemoteWorker

        fitting = [worker for worker in self._idle if worker.needs == plan.needs]
        if not fitting:
            self._end_idle()
            worker = RemoteWorker(plan.needs, self.told(), plan.strategy)
            return Call(worker, attempt.job, self.heartbeat, attempt.number)
        self._idle.remove(fitting[-1])
        return Call(fitting[-1], attempt.job, self.heartbeat, attempt.number)

    def _hand_over(self, calls: list[Call]) -> None:
        """Let idle workers run jobs whose own worker has not started yet.

        After a machine is lost there may be no room for it, as idle workers take what there is.
        """
        from mlfw_ray.remote import Call

        for call in [call for call in calls if not call.worker.pid]:
            worker = next((idle for idle in self._idle if idle.needs == call.worker.needs), None)
            if worker is None:
                return
            call.worker.kill()
            self._idle.remove(worker)
            calls.remove(call)
            calls.append(Call(worker, call.job, self.heartbeat, call.attempt))

    def _act(
        self,
        calls: list[Call],
        call: Call,
        event: Event,
        watch: mlfw.Watch,
        again: deque[_Attempt],
    ) -> mlfw.JobResult | None:
        """Act on the end of a job or of its worker; return the job's result, if that is it."""
        from mlfw_ray.losses import Loss
        from mlfw_ray.remote import Over

        if isinstance(event, Over):
            calls.remove(call)
            self._idle.append(call.worker)
            if event.result is None:
                return None
            return self.result(call, event.result)
        if not isinstance(event, Loss):
            return None
        calls.remove(call)
        if call.attempt > self.retries:
            failure = self.failure(event, call.worker.needs, call.attempt)
            return mlfw.JobResult(call.job, None, failure, call.attempt)
        watch.note(self.again(str(call.job), event, call.attempt))
        again.append(_Attempt(call.job, call.attempt + 1))
        return None

    def again(self, name: str, loss: Loss, attempt: int) -> str:
        """Return the sentence that a job is started again."""
        host = f" on {loss.host}" if loss.host else ""
        return f"{name}{host}: {loss.problem}; starting it again ({attempt}/{self.retries})"

    def result(self, call: Call, data: Mapping[str, Any]) -> mlfw.JobResult:
        """Return the result of a job that has ended; a failure says on which machine it was."""
        result = mlfw.JobResult.from_json(call.job, data, call.attempt)
        if result.failure is None:
            return result
        failure = dataclasses.replace(result.failure, host=self.host_of(call.worker))
        return dataclasses.replace(result, failure=failure)

    def failure(self, loss: Loss, needs: Needs, attempt: int) -> mlfw.JobFailure:
        """Return how a job has failed whose worker was lost for the last time."""
        times = f" (started {attempt} times)" if attempt > 1 else ""
        remedy = ""
        if loss.out_of_memory:
            cpus = override("executor.cpus", 2 * needs.cpus)
            remedy = f"Let fewer jobs share a machine: {cpus}, or use machines with more memory."
        host = loss.host or "the cluster"
        return mlfw.JobFailure(mlfw.FailureKind.lost, f"{loss.problem}{times}.", remedy, host=host)

    def check(self, worker: RemoteWorker) -> None:
        """Check that a worker is of the same mlfw, and sees the run's folder.

        Raises:
            UserError: It is not, or does not.
        """
        facts = worker.learn()
        if facts["version"] != mlfw.__version__:
            raise mlfw.UserError(
                f"executor=ray: {worker.host} has mlfw {facts['version']}, and this machine "
                f"{mlfw.__version__}.",
                "Install the same version on all machines of the cluster.",
            )
        if not facts["sees"]:
            assert self._setup.folder is not None
            raise mlfw.UserError(
                f"run.folder: {worker.host} does not see {self._setup.folder}.",
                "Choose a folder on a disk that all machines of the cluster share: "
                f"{override('run.folder', '/shared/runs')}",
            )

    def _end_idle(self) -> None:
        for worker in self._idle:
            worker.kill()
        self._idle = []


def _next(jobs: Iterator[mlfw.Job]) -> _Attempt | None:
    job = next(jobs, None)
    return None if job is None else _Attempt(job)
