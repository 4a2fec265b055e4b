"""A broken plugin is set aside with its reason, and everything else still works.

Each plugin here is a distribution in a folder of its own, laid out as pip does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Mlfw
from plugin_folder import write_plugin

HEADER = """
import sys
from dataclasses import dataclass
import mlfw

@dataclass(kw_only=True)
class Constant(mlfw.Model):
    '''Learns nothing.'''
    def fit(self, data, context): raise mlfw.UserError('nothing to learn')
    def load(self, folder, schema): raise NotImplementedError

class Add(mlfw.Command):
    help = 'add two numbers, 100% of them'
    def add_arguments(self, parser):
        parser.add_argument('numbers', nargs=2, type=int)
        parser.add_argument('--times', type=int, default=1)
    def main(self, options):
        if min(options.numbers) < 0:
            raise mlfw.UserError('numbers: expected none below 0.', 'Leave the minus out.')
        print('sum', sum(options.numbers) * options.times)
        return 7
"""
BROKEN = {
    "raises on import": ("raise RuntimeError('no luck today')", "RuntimeError: no luck today"),
    "imports what is not there": ("import not_there_at_all", "not_there_at_all"),
    "has a syntax error": ("def broken(:", "SyntaxError"),
    "calls sys.exit": ("sys.exit(3)", "sys.exit(3)"),
    "exits in a hook": (
        "@mlfw.hookimpl\ndef mlfw_models(): sys.exit('bye')",
        "sys.exit('bye')",
    ),
    "raises in a hook": ("@mlfw.hookimpl\ndef mlfw_models(): return 1 / 0", "ZeroDivisionError"),
    "misspells a hook": (
        "@mlfw.hookimpl\ndef mlfw_modles(): return {}",
        "unknown hook 'mlfw_modles'. Did you mean 'mlfw_models'?",
    ),
    "forgets the marker": ("def mlfw_models(): return {}", "hookimpl"),
    "implements nothing": ("x = 1", "implements no hook"),
    "asks for a wrong argument": (
        "@mlfw.hookimpl\ndef mlfw_models(colour): return {}",
        "colour",
    ),
    "returns a list": ("@mlfw.hookimpl\ndef mlfw_models(): return [Constant]", "returned list"),
    "returns an instance": (
        "@mlfw.hookimpl\ndef mlfw_models(): return {'constant': Constant()}",
        "expected dict[str, type[mlfw.Model]]",
    ),
    "returns another kind": (
        "@mlfw.hookimpl\ndef mlfw_tuners(): return {'constant': Constant}",
        "expected dict[str, type[mlfw.Tuner]]",
    ),
    "registers an unfit name": (
        "@mlfw.hookimpl\ndef mlfw_models(): return {'../tree': Constant}",
        "is no name",
    ),
    "claims a taken name": (
        "@mlfw.hookimpl\ndef mlfw_models(): return {'free': Constant, 'tree': Constant}",
        "model 'tree' is taken by plugin 'sklearn' (mlfw)",
    ),
    "registers an unfinished class": (
        "@dataclass(kw_only=True)\nclass Half(mlfw.Model): pass\n"
        "@mlfw.hookimpl\ndef mlfw_models(): return {'half': Half}",
        "Half lacks fit, load",
    ),
    "registers no dataclass": (
        "class Plain(Constant): depth: int = 3\n"
        "@mlfw.hookimpl\ndef mlfw_models(): return {'plain': Plain}",
        "no dataclass",
    ),
    "registers a field without a default": (
        "@dataclass(kw_only=True)\nclass Bare(Constant): depth: int\n"
        "@mlfw.hookimpl\ndef mlfw_models(): return {'bare': Bare}",
        "'depth' needs a default",
    ),
    "registers a reserved field": (
        "@dataclass(kw_only=True)\nclass Used(Constant): use: int = 1\n"
        "@mlfw.hookimpl\ndef mlfw_models(): return {'used': Used}",
        "'use' is reserved",
    ),
    "claims a command of mlfw": (
        "@mlfw.hookimpl\ndef mlfw_commands(): return {'free': Add, 'run': Add}",
        "command 'run' is one of mlfw's own",
    ),
    "claims a taken command": (
        "@mlfw.hookimpl\ndef mlfw_commands(): return {'free': Add, 'add': Add}",
        "command 'add' is taken by plugin 'good' (mlfw-good)",
    ),
    "registers an instance of a command": (
        "@mlfw.hookimpl\ndef mlfw_commands(): return {'free': Add()}",
        "expected dict[str, type[mlfw.Command]]",
    ),
    "registers an unfinished command": (
        "class Half(mlfw.Command): help = 'halves'\n"
        "@mlfw.hookimpl\ndef mlfw_commands(): return {'free': Half}",
        "Half lacks add_arguments, main",
    ),
    "registers a command without help": (
        "class Mute(Add): help = ''\n@mlfw.hookimpl\ndef mlfw_commands(): return {'free': Mute}",
        "Mute.help is no line of text",
    ),
    "registers an unfit command": (
        "@mlfw.hookimpl\ndef mlfw_commands(): return {'--free': Add}",
        "'--free' is no name",
    ),
}
GOOD = (
    "@mlfw.hookimpl\ndef mlfw_models(): return {'constant': Constant}\n"
    "@mlfw.hookimpl\ndef mlfw_commands(): return {'add': Add}"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folders for PYTHONPATH with a distribution for each plugin."""
    folder = tmp_path_factory.mktemp("plugins")
    bodies = {_name(label): body for label, (body, _) in BROKEN.items()}
    sites = [
        write_plugin(folder, name, f"{HEADER}\n{body}\n")
        for name, body in {**bodies, "good": GOOD}.items()
    ]
    return os.pathsep.join(sites)


def _name(label: str) -> str:
    return "p_" + label.replace(" ", "_").replace(".", "_")


@pytest.fixture(scope="module")
def listing(installed: str) -> dict[str, str]:
    from conftest import environment

    result = subprocess.run(
        [sys.executable, "-m", "mlfw", "plugins"],
        env=environment(PYTHONPATH=installed),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return {line.split()[0]: line for line in result.stdout.splitlines()}


@pytest.mark.parametrize("label", BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason(label: str, listing: dict[str, str]) -> None:
    line = listing[_name(label)]

    assert "BROKEN" in line
    assert BROKEN[label][1] in line
    assert "1.0" in line


def test_the_others_still_work(listing: dict[str, str]) -> None:
    assert "model: constant; command: add" in listing["good"]
    for name in ("tabular", "sklearn", "lightning", "torchmetrics", "optuna", "wandb", "bentoml"):
        assert "BROKEN" not in listing[name]


def test_nothing_of_a_broken_plugin_stays_registered(installed: str, mlfw: Mlfw) -> None:
    result = mlfw("show", "model", PYTHONPATH=installed)

    names = {line.split()[0] for line in result.stdout.splitlines()}
    assert "constant" in names
    assert not names & {"free", "half", "plain", "bare", "used"}


def test_a_command_of_a_plugin_is_listed_and_run(installed: str, mlfw: Mlfw) -> None:
    path = installed
    shown = mlfw("--help", PYTHONPATH=path)
    ran = mlfw("add", "2", "--times", "10", "3", PYTHONPATH=path)
    wrong = mlfw("add", "2", "--", "-3", PYTHONPATH=path)
    explained = mlfw("add", "--help", PYTHONPATH=path)
    misspelt = mlfw("ad", PYTHONPATH=path)

    assert "add two numbers, 100% of them" in shown.stdout
    assert "free" not in shown.stdout
    assert (ran.returncode, ran.stdout) == (7, "sum 50\n")
    assert (wrong.returncode, wrong.stderr.splitlines()[-1]) == (2, "  Leave the minus out.")
    assert "--times" in explained.stdout
    assert misspelt.returncode == 2
    assert "'add'" in misspelt.stderr


def test_a_command_of_mlfw_cannot_be_replaced(installed: str, mlfw: Mlfw) -> None:
    assert "sum" not in mlfw("run", "2", "3", PYTHONPATH=installed).stdout


def test_a_run_says_what_is_set_aside_and_goes_on(
    installed: str, small_csv: Path, mlfw: Mlfw
) -> None:
    result = mlfw(
        "run", "dataset=csv", f"dataset.path={small_csv}", "dataset.target=good", "model=constant",
        PYTHONPATH=installed,
    )  # fmt: skip

    assert result.returncode == 2
    assert "nothing to learn" in result.stderr
    assert "(mlfw-p_calls_sys_exit) is set aside" in result.stderr.replace("mlfw-p-", "mlfw-p_")


def test_plugins_can_be_disabled_by_name(installed: str, mlfw: Mlfw) -> None:
    result = mlfw("plugins", PYTHONPATH=installed, MLFW_DISABLE_PLUGINS="good,bentoml")

    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "disabled" in lines["good"]
    assert "disabled" in lines["bentoml"]
    assert "BROKEN" not in lines["sklearn"]
