"""A broken plugin is set aside with its reason, and everything else still works.

Each plugin here is a real distribution, built and installed by pip into a folder of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Mlfw

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

Install = Callable[..., Path]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Build and install distributions, all in one call of pip, and return where they lie."""

    def run(**bodies: str) -> Path:
        folder = tmp_path_factory.mktemp("plugins")
        projects = []
        for name, body in bodies.items():
            project = folder / "source" / name
            project.mkdir(parents=True)
            (project / f"{name}.py").write_text(f"{HEADER}\n{body}\n")
            (project / "pyproject.toml").write_text(
                '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
                f'[project]\nname = "mlfw-{name}"\nversion = "1.2"\n'
                f'[project.entry-points.mlfw]\n{name} = "{name}"\n'
                f'[tool.hatch.build.targets.wheel]\nonly-include = ["{name}.py"]\n'
            )
            projects.append(str(project))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                   "--no-build-isolation", "--target", str(folder / "site"), *projects]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        return folder / "site"

    return run


@pytest.fixture(scope="module")
def installed(install: Install) -> Path:
    bodies = {_name(label): body for label, (body, _) in BROKEN.items()}
    return install(**bodies, good=GOOD)


def _name(label: str) -> str:
    return "p_" + label.replace(" ", "_").replace(".", "_")


@pytest.fixture(scope="module")
def listing(installed: Path) -> dict[str, str]:
    from conftest import environment

    result = subprocess.run(
        [sys.executable, "-m", "mlfw", "plugins"],
        env=environment(PYTHONPATH=str(installed)),
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
    assert "1.2" in line


def test_the_others_still_work(listing: dict[str, str]) -> None:
    assert "model: constant; command: add" in listing["good"]
    for name in ("tabular", "sklearn", "lightning", "torchmetrics", "optuna", "wandb", "bentoml"):
        assert "BROKEN" not in listing[name]


def test_nothing_of_a_broken_plugin_stays_registered(installed: Path, mlfw: Mlfw) -> None:
    result = mlfw("show", "model", PYTHONPATH=str(installed))

    names = {line.split()[0] for line in result.stdout.splitlines()}
    assert "constant" in names
    assert not names & {"free", "half", "plain", "bare", "used"}


def test_a_command_of_a_plugin_is_listed_and_run(installed: Path, mlfw: Mlfw) -> None:
    path = str(installed)
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


def test_a_command_of_mlfw_cannot_be_replaced(installed: Path, mlfw: Mlfw) -> None:
    assert "sum" not in mlfw("run", "2", "3", PYTHONPATH=str(installed)).stdout


def test_a_run_says_what_is_set_aside_and_goes_on(
    installed: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    result = mlfw(
        "run", "dataset=csv", f"dataset.path={small_csv}", "dataset.target=good", "model=constant",
        PYTHONPATH=str(installed),
    )  # fmt: skip

    assert result.returncode == 2
    assert "nothing to learn" in result.stderr
    assert "(mlfw-p_calls_sys_exit) is set aside" in result.stderr.replace("mlfw-p-", "mlfw-p_")


def test_plugins_can_be_disabled_by_name(installed: Path, mlfw: Mlfw) -> None:
    result = mlfw("plugins", PYTHONPATH=str(installed), MLFW_DISABLE_PLUGINS="good,bentoml")

    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "disabled" in lines["good"]
    assert "disabled" in lines["bentoml"]
    assert "BROKEN" not in lines["sklearn"]
