"""`mlfw deploy`: hand a run's model to a deployer."""

from __future__ import annotations

import argparse

from mlfw.cli.notes import note
from mlfw.cli.options import add_import_argument, add_run_argument, allowed_imports
from mlfw.cli.output import print_sentence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run_argument(parser)
    add_import_argument(parser)
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="key=value",
        help="deployer=NAME deployer.FIELD=VALUE; the run's own deployer where none is named",
    )


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.cli.own_deployer import compose_deployer
    from mlfw.pipeline.deploy import deploy_with
    from mlfw.pipeline.saved_model import load_fitted, load_model
    from mlfw.plugins import load_plugins, warn_of_broken
    from mlfw.runs import find_run, locked, runs_folder

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    run = find_run(options.run, runs_folder(options.runs), note)
    name, deployer = compose_deployer(options.settings, run.path, plugins.registry)
    check = load_model if deployer.needs_rows else load_fitted
    check(run.model, plugins.registry, allowed_imports(options))
    with locked(run.path):
        deployment = deploy_with(deployer, name, run)
    if deployment is None:
        print(f"deployer {name}: nothing to deploy")
        return 0
    print(f"deployed  {deployment.artifact}")
    for sentence in deployment.notes:
        print_sentence(f"  {sentence}")
    for command in deployment.commands:
        print(f"  {command}")
    return 0
