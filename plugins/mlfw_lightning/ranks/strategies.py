"""How processes share the work of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.errors import did_you_mean
from mlfw_lightning.devices import devices_here
from mlfw_lightning.ranks.rendezvous import collective_timeout

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

WHOLE = ("auto", "ddp", "ddp_find_unused_parameters_true")
FULLY_SHARDED = ("fsdp", "fsdp_cpu_offload")
STRATEGIES = (*WHOLE, *FULLY_SHARDED)


def check_name(strategy: str) -> None:
    """Check that a strategy is known and its package is installed.

    Raises:
        UserError: It is not.
    """
    if strategy.startswith("deepspeed"):
        raise UserError(
            f"trainer.strategy={strategy}: DeepSpeed is no longer supported; FSDP divides a "
            "network in the same way.",
            "Set trainer.strategy=fsdp.",
        )
    if strategy not in STRATEGIES:
        raise UserError(
            f"trainer.strategy: expected one of {', '.join(STRATEGIES)}, found '{strategy}'.",
            did_you_mean(strategy, STRATEGIES, listed=True),
        )


def check_device(strategy: str, device: str) -> None:
    """Check that a strategy works on a kind of device.

    Args:
        strategy: A known strategy.
        device: cpu, gpu, mps, ...

    Raises:
        UserError: It does not.
    """
    moves = strategy.endswith("_offload")
    if strategy not in WHOLE and (moves or device != "cpu") and device not in ("gpu", "cuda"):
        raise UserError(
            f"trainer.strategy={strategy}: divides a network over GPUs, and "
            f"trainer.accelerator={device} is used here.",
            "Set trainer.strategy=ddp, or trainer.accelerator=gpu on a machine with GPUs.",
        )


def strategy_of(options: LightningTrainer, *, in_turn: bool = False) -> Any:
    """Return how processes share the work, in the form that Lightning takes.

    With `ddp` each process has the whole network and all average their gradients (Li et al.
    2020); with `fsdp` each has a part of weights, gradients and optimiser (Zhao et al. 2023).

    Args:
        options: The trainer's configuration.
        in_turn: Whether the weights that learn differ from epoch to epoch.
    """
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    if options.strategy in WHOLE and options.devices * options.nodes == 1:
        return "auto"
    timeout = collective_timeout(options)
    # Ranks are told by the process that started them who they are, not by its own launcher.
    environment = LightningEnvironment()
    on_cpus = devices_here(options.accelerator)[0] == "cpu"
    if options.strategy in WHOLE:
        from mlfw_lightning.ranks.plain_broadcast import Replicated

        return Replicated(
            timeout=timeout,
            process_group_backend="gloo" if on_cpus else None,
            cluster_environment=environment,
            find_unused_parameters=in_turn or options.strategy.endswith("_parameters_true"),
        )
    from mlfw_lightning.ranks.fully_sharded import FullySharded, FullyShardedOnCpus

    return (FullyShardedOnCpus if on_cpus else FullySharded)(
        timeout=timeout,
        cluster_environment=environment,
        cpu_offload=options.strategy == "fsdp_cpu_offload",
    )
