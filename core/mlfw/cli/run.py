"""`mlfw run`: the whole way."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from mlfw.cli.options import add_config_arguments, split_settings
from mlfw.cli.table import print_table
from mlfw.cli.terminal import TerminalMonitor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_config_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.config import compose
    from mlfw.pipeline.run import Run, execute
    from mlfw.plugins import load_plugins, warn_of_broken

    plugins = load_plugins()
    warn_of_broken(plugins)
    file, overrides = split_settings(options.settings)
    config = compose(file, overrides, plugins, config_dir=options.config_dir)
    run: Run = execute(config, plugins, TerminalMonitor())
    _print_summary(run.dir)
    return 0


def _print_summary(path: Path) -> None:
    from mlfw.files import read_json
    from mlfw.pipeline.cross_validate import DEVIATION, MEAN
    from mlfw.pipeline.report import metrics_table, shown_params, targets_shown
    from mlfw.runs import RunDirectory
    from mlfw.schema import Schema

    run = RunDirectory(path)
    record = run.record()
    schema = Schema.load(run.data / "schema.json")
    metrics = read_json(run.metrics_file)
    tuning = read_json(run.path / "tuning.json")
    print(f"model     {record.model}, predicting {targets_shown(schema)}")
    if tuning["params"]:
        print(f"tuned     {tuning['trials']} trials; best: {shown_params(tuning['params'])}")
    print(f"run       {_short(path)}  ({sum(record.seconds.values()):.1f} s)")
    if record.deployed:
        print(f"deployed  {record.deployed}")
    print()
    names = ("test", "baseline", MEAN, DEVIATION)
    heading, rows = metrics_table({name: metrics[name] for name in names if name in metrics})
    print_table(heading, rows, indent="  ")
    print()
    print("next:")
    for command in _next_commands(run.path):
        print(f"  {command}")


def _next_commands(path: Path) -> list[str]:
    from mlfw.runs import RunDirectory

    where = shlex.quote(_short(path))
    commands = [
        f"mlfw predict {where} NEW.csv -o predictions.csv",
        f"mlfw serve {where} --port 3000",
        f"cat {shlex.quote(_short(RunDirectory(path).report_file))}",
    ]
    deployments = RunDirectory(path).deployments
    from mlfw.files import read_json

    for note in sorted(deployments.glob("*/deployment.json")):
        commands += read_json(note)["commands"]
    return commands


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
