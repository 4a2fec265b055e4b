"""How processes share the work of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.errors import did_you_mean
from mlfw_lightning.devices import devices_here
from mlfw_lightning.ranks.rendezvous import collective_timeout

if TYPE_CHECKING:
    from mlfw_lightning.network import Network
    from mlfw_lightning.trainer import LightningTrainer

WHOLE = ("auto", "ddp", "ddp_find_unused_parameters_true")
OFFLOADED = "fsdp_cpu_offload"
FULLY_SHARDED = ("fsdp", OFFLOADED)
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
    fits = ("gpu", "cuda") if strategy == OFFLOADED else ("gpu", "cuda", "cpu")
    if strategy in FULLY_SHARDED and device not in fits:
        raise UserError(
            f"trainer.strategy={strategy}: divides a network over GPUs, and "
            f"trainer.accelerator={device} is used here.",
            "Set trainer.strategy=ddp, or trainer.accelerator=gpu on a machine with GPUs.",
        )


def check_divisible(model: Network) -> None:
    """Check that a network can learn while its weights are divided.

    Args:
        model: How it learns.

    Raises:
        UserError: It cannot.
    """
    from mlfw_lightning.learning.optimisation import Averaging, OptimizerName

    if model.average != Averaging.none:
        raise UserError(
            f"model.average={model.average}: no mean can be kept of weights that are divided over "
            "processes.",
            "Set model.average=none, or trainer.strategy=ddp.",
        )
    if model.optimizer == OptimizerName.muon:
        raise UserError(
            "model.optimizer=muon: looks at whole matrices of weights, and these are divided over "
            "processes.",
            "Set model.optimizer=adamw, or trainer.strategy=ddp.",
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

    if options.devices * options.nodes == 1 and options.strategy != OFFLOADED:
        return "auto"
    on_cpus = devices_here(options.accelerator)[0] == "cpu"
    shared: dict[str, Any] = {
        "timeout": collective_timeout(options),
        "process_group_backend": "gloo" if on_cpus else None,
        # Ranks are told by the process that started them who they are, not by its own launcher.
        "cluster_environment": LightningEnvironment(),
    }
    if options.strategy in WHOLE:
        from mlfw_lightning.ranks.plain_broadcast import Replicated

        unused = in_turn or options.strategy.endswith("_parameters_true")
        return Replicated(find_unused_parameters=unused, **shared)
    from mlfw_lightning.ranks.fully_sharded import FullySharded

    return FullySharded(cpu_offload=options.strategy == OFFLOADED, **shared)
