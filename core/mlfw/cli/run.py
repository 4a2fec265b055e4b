"""`mlfw run`: the whole way."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mlfw.cli.notes import note
from mlfw.cli.options import (
    add_config_arguments,
    add_import_argument,
    allowed_imports,
    split_settings,
)
from mlfw.cli.table import print_table
from mlfw.cli.terminal import TerminalMonitor
from mlfw.hints import command, shell_word


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_config_arguments(parser)
    add_import_argument(parser)
    parser.add_argument(
        "--plan",
        action="store_true",
        help="prepare the data, print what every stage would take of time and memory, and exit",
    )


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.cli.plan_table import print_plan
    from mlfw.config import compose
    from mlfw.pipeline.plan import plan
    from mlfw.pipeline.run import Run, execute
    from mlfw.pipeline.stop import StopSignal
    from mlfw.plugins import load_plugins, warn_of_broken

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    imports = allowed_imports(options)
    file, overrides = split_settings(options.settings)
    config = compose(file, overrides, plugins, config_dir=options.config_dir)
    if options.plan:
        print_plan(plan(config, plugins, TerminalMonitor(), imports))
        return 0
    with StopSignal().listening() as stop:
        run: Run = execute(config, plugins, TerminalMonitor(), imports, stop)
    _print_summary(run.dir, sorted(imports.packages))
    return 0


def _print_summary(path: Path, allowed: list[str]) -> None:
    from mlfw.files import read_json
    from mlfw.pipeline.cross_validate import DEVIATION, MEAN
    from mlfw.pipeline.report import metrics_table, shown_params, targets_shown
    from mlfw.pipeline.training_report import cost_compared
    from mlfw.runs import RunDirectory
    from mlfw.schema import Schema

    run = RunDirectory(path)
    record = run.record()
    schema_file = run.data / "schema.json"
    takes_rows = schema_file.exists()
    metrics = read_json(run.metrics_file)
    tuning = read_json(run.tuning_file)
    predicting = f", predicting {targets_shown(Schema.load(schema_file))}" if takes_rows else ""
    print(f"model     {record.model}{predicting}")
    if tuning["params"]:
        print(f"tuned     {tuning['trials']} trials; best: {shown_params(tuning['params'])}")
    print(f"run       {_short(path)}  ({sum(record.seconds.values()):.1f} s)")
    cost = cost_compared(read_json(run.training_file))
    if cost:
        print(cost)
    if record.deployed:
        print(f"deployed  {record.deployed}")
    print()
    names = ("test", "baseline", MEAN, DEVIATION) if takes_rows else ("validation", "test")
    heading, rows = metrics_table({name: metrics[name] for name in names if name in metrics})
    print_table(heading, rows, indent="  ")
    print()
    print("next:")
    commands = _with_rows(run.path) if takes_rows else _with_other_data(run.path, allowed)
    for line in [*commands, f"cat {shell_word(_short(run.report_file))}", *_deployed(run.path)]:
        print(f"  {line}")


def _with_rows(path: Path) -> list[str]:
    return [
        command("predict", _short(path), "NEW.csv", "-o", "predictions.csv"),
        command("serve", _short(path), "--port", "3000"),
    ]


def _with_other_data(path: Path, allowed: list[str]) -> list[str]:
    granted = [word for package in allowed for word in ("--allow-import", package)]
    return [command("evaluate", _short(path), *granted)]


def _deployed(path: Path) -> list[str]:
    from mlfw.files import read_json
    from mlfw.runs import RunDirectory

    files = sorted(RunDirectory(path).deployments.glob("*/deployment.json"))
    return [command for file in files for command in read_json(file)["commands"]]


def _short(path: Path) -> Path:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else Path(relative)
