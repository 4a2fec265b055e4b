"""Strategies that cannot be had are told of before any process is started."""

from __future__ import annotations

from pytorch_lightning.strategies import DDPStrategy

from conftest import Mlfw
from mlfw_lightning import LightningTrainer
from mlfw_lightning.ranks.fully_sharded import FullySharded
from mlfw_lightning.ranks.strategies import strategy_of

RUN = ("run", "dataset=sklearn", "dataset.name=wine", "model=mlp", "trainer.accelerator=cpu")


def test_an_unknown_strategy_is_refused_with_those_that_there_are(mlfw_here: Mlfw) -> None:
    ended = mlfw_here(*RUN, "trainer.strategy=ddpp")

    assert ended.returncode == 2
    assert "trainer.strategy: expected one of auto, ddp, " in ended.stderr
    assert "Did you mean 'ddp'?" in ended.stderr


def test_a_saved_configuration_with_deepspeed_is_told_to_use_fsdp(mlfw_here: Mlfw) -> None:
    ended = mlfw_here(*RUN, "trainer.strategy=deepspeed_stage_2", "trainer.devices=2")

    assert ended.returncode == 2
    assert "trainer.strategy=deepspeed_stage_2: DeepSpeed is no longer supported" in ended.stderr
    assert "Set trainer.strategy=fsdp." in ended.stderr


def test_several_machines_are_told_to_use_ray(mlfw_here: Mlfw) -> None:
    ended = mlfw_here(*RUN, "trainer.nodes=2")

    assert ended.returncode == 2
    assert "trainer.nodes=2: several machines train together through Ray." in ended.stderr
    assert "executor=ray" in ended.stderr


def test_what_needs_gpus_is_refused_on_cpus(mlfw_here: Mlfw) -> None:
    ended = mlfw_here(*RUN, "trainer.strategy=fsdp_cpu_offload", "trainer.devices=2")

    assert ended.returncode == 2
    assert (
        "trainer.strategy=fsdp_cpu_offload: divides a network over GPUs, and "
        "trainer.accelerator=cpu" in ended.stderr
    )


def test_one_process_needs_no_strategy() -> None:
    assert strategy_of(LightningTrainer(strategy="ddp")) == "auto"


def test_collectives_end_within_the_timeout() -> None:
    for options, kind in (
        (LightningTrainer(devices=2, timeout=120), DDPStrategy),
        (LightningTrainer(devices=2, strategy="fsdp", timeout=120), FullySharded),
    ):
        strategy = strategy_of(options)

        assert isinstance(strategy, kind)
        assert strategy._timeout.total_seconds() == 120
