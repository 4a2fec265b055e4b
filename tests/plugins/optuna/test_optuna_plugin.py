"""What the plugin registers, and what it keeps away from: imports and the terminal."""

from __future__ import annotations

import subprocess
import sys

from mlfw.plugins import load_plugins


def test_the_tuners_are_registered() -> None:
    assert {"grid", "random", "tpe"} <= set(load_plugins().registry.kind("tuner"))


def test_importing_the_plugin_imports_neither_optuna_nor_numpy() -> None:
    code = "import mlfw_optuna, sys; print({'optuna', 'numpy', 'pyarrow'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "set()\n", result.stderr


def test_a_search_prints_nothing_and_leaves_the_log_level_of_optuna_alone() -> None:
    code = """
import optuna
optuna.logging.set_verbosity(optuna.logging.DEBUG)
import mlfw
from mlfw_optuna.grid import Grid
from mlfw_optuna.samplers import TPE, Random
space = {"x": mlfw.Interval(0.0, 1.0), "kind": mlfw.Choices(("a", [1, 2]))}
for tuner in (Grid(), Random(trials=12), TPE(trials=12, startup=2)):
    search = tuner.search(space, 0, maximize=True)
    number = 0
    while (params := search.ask(number)) is not None:
        search.tell(number, params, None if number == 1 else params["x"])
        number += 1
assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
"""
    result = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], capture_output=True, text=True
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
