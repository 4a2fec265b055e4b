"""The command starts fast: it loads nothing heavy before it must."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conftest import Mlfw, environment

HEAVY = ("torch", "sklearn", "pandas", "wandb", "bentoml", "optuna", "hydra", "torchmetrics",
         "pytorch_lightning", "pyarrow", "numpy", "sqlalchemy", "datasets", "PIL", "onnx",
         "onnxruntime")  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["plugins"], ["runs"], ["show"], ["show", "model", "mlp"]]
)
def test_nothing_heavy_is_loaded(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from mlfw.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    )

    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment()
    )

    assert result.stdout.splitlines()[-1] == "LOADED []", result.stderr


def test_help_does_not_load_the_contracts_of_plugins() -> None:
    code = (
        "import sys\n"
        "from mlfw.cli.main import main\n"
        "main([])\n"
        "print([name for name in ('mlfw.components', 'mlfw.schema', 'mlfw.files', 'mlfw.config',"
        " 'json', 'logging') if name in sys.modules])"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )

    assert result.stdout.splitlines()[-1] == "[]"
    assert "\n    drift " in result.stdout


def test_help_lists_every_command(mlfw: Mlfw) -> None:
    result = mlfw("--help")

    assert result.returncode == 0
    for command in (
        "run", "predict", "evaluate", "serve", "deploy", "export", "runs", "plugins", "show",
    ):  # fmt: skip
        assert f"\n    {command} " in result.stdout


def test_version_names_the_program(mlfw: Mlfw) -> None:
    assert mlfw("--version").stdout.startswith("mlfw ")


def test_without_a_command_it_prints_its_help(mlfw: Mlfw) -> None:
    assert "COMMAND" in mlfw().stdout
