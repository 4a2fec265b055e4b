"""What of a configuration can be found out to be wrong before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import cast

from mlfw.components import KINDS, Component, Dataset, Imports, Model, OpaqueModel, Split
from mlfw.config import RunConfig
from mlfw.errors import UserError, listing
from mlfw.plugins import Registry

# The executor that stays on this machine.
ALONE = "local"
# A launcher, a variable that it sets, and those that hold the number of its processes.
LAUNCHERS = (
    ("torchrun", "TORCHELASTIC_RUN_ID", ("WORLD_SIZE",)),
    ("srun", "SLURM_STEP_ID", ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")),
    ("mpirun", "OMPI_COMM_WORLD_SIZE", ("OMPI_COMM_WORLD_SIZE",)),
)


def check_config(config: RunConfig, registry: Registry, imports: Imports) -> None:
    """Check what needs neither data nor foreign code.

    Raises:
        UserError: Code is named that may not be imported, components do not fit together, or a
            launcher has started the command several times.
    """
    components = {kind: getattr(config, kind) for kind in KINDS if kind != "metrics"}
    components |= {f"metrics.{name}": metric for name, metric in config.metrics.items()}
    alone = config.choice("executor") == ALONE
    if alone:
        check_started_once(os.environ)
    config.trainer.check_machines(several=not alone)
    check_fit(config, registry)
    check_code(components, imports)
    if isinstance(config.model, OpaqueModel):
        _check_opaque(config)


def check_started_once(environment: Mapping[str, str]) -> None:
    """Check that no launcher has started the same command in several processes.

    Args:
        environment: The environment's variables.

    Raises:
        UserError: One has: each process would make a run of its own.
    """
    for launcher, sign, names in LAUNCHERS:
        counts = [environment[name] for name in names if environment.get(name, "").isdecimal()]
        if sign in environment and counts and int(counts[0]) > 1:
            raise UserError(
                f"{launcher} has started this command in {counts[0]} processes, and mlfw starts "
                "its processes by itself.",
                f"Start it once: with trainer.devices={counts[0]} for one machine, or with "
                "executor=ray for several.",
            )


def check_code(components: Mapping[str, Component], imports: Imports) -> None:
    """Check that the code which components name may be imported.

    Args:
        components: Components by their key.
        imports: What the caller allows.

    Raises:
        UserError: Some may not.
    """
    imports.check(
        (f"{key}.{field}", target)
        for key, component in components.items()
        for field, target in component.code().items()
    )


def check_fit(config: RunConfig, registry: Registry) -> None:
    """Check that the model takes what the data set gives.

    Raises:
        UserError: It does not; the message names the components that would fit.
    """
    if _meet(type(config.dataset).gives, type(config.model).takes):
        return
    dataset, model = config.choice("dataset"), config.choice("model")
    models = [
        name
        for name, entry in registry.kind("model").items()
        if _meet(type(config.dataset).gives, cast("type[Model]", entry.component).takes)
    ]
    datasets = [
        name
        for name, entry in registry.kind("dataset").items()
        if _meet(cast("type[Dataset]", entry.component).gives, type(config.model).takes)
    ]
    raise UserError(
        f"model={model}: cannot learn from the kind of data that dataset={dataset} gives.",
        f"Models that can: {listing(models) or 'none'}. "
        f"Data sets that model={model} can learn from: {listing(datasets) or 'none'}.",
    )


def _meet(gives: Iterable[type], takes: tuple[type, ...]) -> bool:
    return any(issubclass(given, takes) for given in gives)


def _check_opaque(config: RunConfig) -> None:
    model, dataset = config.choice("model"), config.choice("dataset")
    if config.metrics:
        raise UserError(
            f"metrics={listing(config.metrics)}: model={model} measures itself, as it takes no "
            "rows.",
            "Leave metrics out.",
        )
    if config.split != Split():
        raise UserError(f"split: dataset={dataset} divides its data by itself.", "Leave split out.")
    if config.deployer.needs_rows:
        raise UserError(
            f"deployer={config.choice('deployer')}: serves models that predict rows of a table, "
            f"and model={model} takes none.",
            "Set deployer=none.",
        )
