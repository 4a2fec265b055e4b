"""The executor that runs jobs on Ray."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field

import mlfw
from mlfw.hints import install


@dataclass(kw_only=True)
class RayExecutor(mlfw.Executor):
    """Runs jobs on a Ray cluster, or on a Ray of this machine alone.

    Trials and folds run side by side, each in a worker that is kept for the next one; the ranks of
    a distributed training are started together. A job whose worker or node is lost is started
    again, and continues from its last checkpoint.

    Attributes:
        address: The cluster: `auto` for the one that this machine belongs to, or `HOST:PORT`. By
            default the one that the variable RAY_ADDRESS names; where it is not set, a Ray is
            started on this machine for the run and ended with it.
        workers: How many jobs run side by side at most; by default as many as there is room for.
        cpus: Cores that each job takes; by default what the job asks for, which is one.
        gpus: GPUs that each job takes; 0.5 lets two share one. By default what the job asks for.
        heartbeat: After how many seconds without a sign of life a worker counts as frozen; it is
            ended, and its job is started again.
    """

    address: str = ""
    workers: int | None = field(default=None, metadata=mlfw.limits(minimum=1))
    cpus: float | None = field(default=None, metadata=mlfw.limits(above=0))
    gpus: float | None = field(default=None, metadata=mlfw.limits(minimum=0))
    heartbeat: float = field(default=60.0, metadata=mlfw.limits(minimum=3))

    def start(self, setup: mlfw.JobSetup) -> mlfw.Workers:
        """Return workers; Ray is started, or the cluster joined, when there are jobs.

        Raises:
            UserError: Ray is not installed, or the address cannot be one.
        """
        if importlib.util.find_spec("ray") is None:
            raise mlfw.UserError(
                "executor=ray: the package 'ray' is not installed.",
                f"Type: {install('mlfw[ray]')}",
            )
        from mlfw_ray.addresses import check_address
        from mlfw_ray.workers import RayWorkers

        check_address(self.address)
        return RayWorkers(self, setup)
