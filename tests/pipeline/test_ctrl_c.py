"""Ctrl-C and a terminal that closes: the run is interrupted, says so, and can be continued."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mlfw
from conftest import Mlfw, environment
from light_run import beside_light
from on_terminal import CTRL_C, Terminal
from plugin_folder import write_plugin

WAITERS = """
import os, time
from dataclasses import dataclass
from pathlib import Path
import mlfw
from light_plugin import Brier, Light
from mlfw_tabular.csv import Csv


def wait_at(place):
    if os.environ.get("WAIT_AT") == place:
        Path("waiting").touch()
        time.sleep(60)


@dataclass(kw_only=True)
class SlowData(Csv):
    suffixes = ()

    def load(self, context):
        wait_at("prepare")
        return super().load(context)


@dataclass(kw_only=True)
class Slow(Light):
    def fit(self, data, context):
        wait_at("fit" if context.final else "tune")
        return super().fit(data, context)


@dataclass(kw_only=True)
class Exact(Brier):
    def compute(self, target, predictions, schema):
        if Path("run/model").exists():
            wait_at("evaluate")
        return 1.0


@dataclass(kw_only=True)
class SlowDeployer(mlfw.Deployer):
    def deploy(self, model, folder, name):
        wait_at("deploy")


@mlfw.hookimpl
def mlfw_datasets(): return {"slowdata": SlowData}

@mlfw.hookimpl
def mlfw_models(): return {"slow": Slow}

@mlfw.hookimpl
def mlfw_metrics(): return {"exact": Exact}

@mlfw.hookimpl
def mlfw_deployers(): return {"slowdeployer": SlowDeployer}
"""
RUN = ("run", "dataset=slowdata", "dataset.path=small.csv", "dataset.target=good",
       "model=slow", "metrics=[exact]", "deployer=slowdeployer", "tuner=grid",
       "tuner.space.share=[0.3,0.6]", "run.dir=run")  # fmt: skip
NETWORK = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=mlp",
           "model.dropout=0.3", "trainer.patience=null", "trainer.epochs=60",
           "metrics=[accuracy]")  # fmt: skip
TO_CONTINUE = "To continue the run, type the same command again."


def state(run: Path) -> str:
    return str(json.loads((run / "run.json").read_text())["state"])


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("prepare", marks=pytest.mark.slow),
        "tune",
        "fit",
        pytest.param("evaluate", marks=pytest.mark.slow),
        pytest.param("deploy", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_interrupts_a_run_in_any_stage_and_says_how_to_continue(
    stage: str, tmp_path: Path, small_csv: Path
) -> None:
    site = beside_light(tmp_path, "waiters", WAITERS)
    terminal = Terminal(*RUN, folder=tmp_path, PYTHONPATH=site, WAIT_AT=stage)
    terminal.wait_for((tmp_path / "waiting").exists)
    terminal.type(CTRL_C)
    time.sleep(0.02)
    terminal.type(CTRL_C)  # as impatient people do
    status, shown = terminal.ended(30)

    assert status == 130
    assert state(tmp_path / "run") == "interrupted"
    assert "mlfw: interrupted by Ctrl-C." in shown
    assert shown.count(TO_CONTINUE) == 1
    assert "Traceback" not in shown


@pytest.mark.slow
def test_a_terminal_that_closes_interrupts_the_run_as_sigterm_does(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = beside_light(tmp_path, "waiters", WAITERS)
    terminal = Terminal(*RUN, folder=tmp_path, PYTHONPATH=site, WAIT_AT="fit")
    terminal.wait_for((tmp_path / "waiting").exists)
    terminal.hang_up()
    status, _ = terminal.ended(30)
    first = state(tmp_path / "run")
    for folder in site.split(os.pathsep):
        monkeypatch.syspath_prepend(folder)
    continued = mlfw_here(*RUN)

    assert status == 129
    assert first == "interrupted"
    assert continued.returncode == 0, continued.stderr
    assert "continuing run" in continued.stderr


def test_a_hang_up_that_is_to_be_ignored_is_ignored(tmp_path: Path, small_csv: Path) -> None:
    site = beside_light(tmp_path, "waiters", WAITERS)
    process = subprocess.Popen(
        [sys.executable, "-m", "mlfw", *RUN],
        cwd=tmp_path, env=environment(PYTHONPATH=site, WAIT_AT="prepare"),
        stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # as nohup does
    )  # fmt: skip
    while not (tmp_path / "waiting").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    still_runs = process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=45)

    assert still_runs
    assert process.returncode == 143
    assert "stopped by SIGTERM" in errors


EPOCHS = """
import time
from pathlib import Path
import mlfw

@mlfw.hookimpl
def mlfw_epoch_finished(run, epoch, values):
    if epoch == 3:
        Path("waiting").touch()
        time.sleep(0.5)
"""


@pytest.mark.slow
@pytest.mark.parametrize("devices", [1, 2], ids=["alone", "two processes"])
def test_a_network_interrupted_by_ctrl_c_learns_on_as_if_it_had_not_been(
    devices: int, tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    command = (*NETWORK, f"trainer.devices={devices}", "trainer.accelerator=cpu")
    site = write_plugin(tmp_path, "epochs", EPOCHS)
    terminal = Terminal(*command, "run.dir=run", folder=tmp_path, PYTHONPATH=site)
    terminal.wait_for((tmp_path / "waiting").exists)
    terminal.type(CTRL_C)
    terminal.type(CTRL_C)
    status, shown = terminal.ended(60)

    assert (status, state(tmp_path / "run")) == (130, "interrupted"), shown
    assert shown.count(TO_CONTINUE) == 1
    assert list((tmp_path / "run/checkpoints").iterdir())
    if devices > 1:
        return  # what ranks keep when they are asked to stop has tests of its own
    continued = mlfw_here(*command, "run.dir=run")
    whole = mlfw_here(*command, "run.dir=whole")
    assert continued.returncode == whole.returncode == 0, continued.stderr
    weights = "model/weights.safetensors"
    assert (tmp_path / "run" / weights).read_bytes() == (tmp_path / "whole" / weights).read_bytes()


FOREIGN = """
import ctypes, os
from dataclasses import dataclass
from pathlib import Path
import mlfw
from light_plugin import Light


@dataclass(kw_only=True)
class Foreign(Light):
    def fit(self, data, context):
        Path("waiting").touch()
        sleep = ctypes.CDLL(None).sleep
        while True:
            sleep(1000)


@mlfw.hookimpl
def mlfw_models(): return {"foreign": Foreign}
"""


def test_ctrl_c_ends_a_fit_that_never_comes_back_to_python(tmp_path: Path, small_csv: Path) -> None:
    site = beside_light(tmp_path, "foreign", FOREIGN)
    terminal = Terminal(
        "run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=foreign",
        "metrics=[brier]", "run.dir=run", folder=tmp_path, PYTHONPATH=site,
    )  # fmt: skip
    terminal.wait_for((tmp_path / "waiting").exists)
    time.sleep(0.2)
    terminal.type(CTRL_C)
    terminal.type(CTRL_C)
    status, shown = terminal.ended(20)

    assert status == 130
    assert state(tmp_path / "run") == "interrupted"
    assert shown.count(TO_CONTINUE) == 1


def test_ctrl_c_in_python_is_a_keyboard_interrupt_and_the_run_is_interrupted(
    tmp_path: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    changed = ["model=mlp", "trainer.epochs=2", "run.dir=run", "dataset.target=good",
               "dataset.path=small.csv", "dataset=csv"]  # fmt: skip

    def interrupt(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("mlfw_lightning.loop.epochs.Epochs.on_train_epoch_start", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mlfw.run(overrides=changed)

    assert state(tmp_path / "run") == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
