"""Arguments that several commands take."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.errors import UserError
from mlfw.hints import command, override

if TYPE_CHECKING:
    from mlfw.components import Imports

YAML_SUFFIXES = (".yaml", ".yml")


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `[CONFIG.yaml] [key=value ...]`."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="CONFIG.yaml | key=value",
        help="a configuration file, then what to change: model=svm model.C=2",
    )
    parser.add_argument(
        "--config-dir", type=Path, help="a folder with presets, one sub-folder a kind"
    )


def split_settings(settings: list[str]) -> tuple[Path | None, list[str]]:
    """Tell the configuration file from the overrides.

    Raises:
        UserError: There is more than one file, or something that is neither.
    """
    files = [text for text in settings if text.endswith(YAML_SUFFIXES) and "=" not in text]
    overrides = [text for text in settings if text not in files]
    if len(files) > 1:
        raise UserError(f"expected one configuration file, found {', '.join(files)}.")
    for text in overrides:
        if "=" not in text and not text.startswith("~"):
            raise UserError(f"'{text}': expected CONFIG.yaml or key=value.", _hint(text))
    return (Path(files[0]) if files else None), overrides


def _hint(text: str) -> str:
    """Return a hint for an argument that is neither a configuration file nor key=value."""
    from mlfw.components import Dataset
    from mlfw.plugins import load_plugins

    for name, entry in load_plugins().registry.kind("dataset").items():
        assert issubclass(entry.component, Dataset)
        if text.lower().endswith(entry.component.suffixes or ("\0",)):
            words = [override("dataset", name), override("dataset.path", text)]
            return f"To train on this file, type: {command('run', *words, 'dataset.target=COLUMN')}"
    return "For example: mlfw run churn.yaml model=svm"


def add_run_argument(parser: argparse.ArgumentParser) -> None:
    """Add `RUN` and the folder in which it is looked for."""
    parser.add_argument("run", metavar="RUN", help="a run directory, a run's name, or `latest`")
    add_runs_folder(parser)


def add_runs_folder(parser: argparse.ArgumentParser) -> None:
    """Add `--runs`."""
    parser.add_argument(
        "--runs", metavar="FOLDER", help="the folder of runs (default: $MLFW_RUNS or runs)"
    )


def add_engine_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--engine`."""
    parser.add_argument(
        "--engine",
        choices=("auto", "native"),
        default="auto",
        help="what predicts: ONNX Runtime if the model is saved in ONNX (auto, the default), or "
        "the library that trained it (native)",
    )


def add_import_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--allow-import`, which stands on the command line and nowhere else."""
    parser.add_argument(
        "--allow-import",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="let the configuration or the saved model name code of this package; repeatable",
    )


def allowed_imports(options: argparse.Namespace) -> Imports:
    """Return what the command line allows to be imported.

    Raises:
        UserError: Something that is no package is to be allowed.
    """
    from mlfw.components import Imports

    return Imports.of(options.allow_import)
