"""`mlfw serve`: serve a run's model."""

from __future__ import annotations

import argparse

from mlfw.cli.notes import note
from mlfw.cli.options import add_import_argument, add_run_argument, allowed_imports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run_argument(parser)
    add_import_argument(parser)
    parser.add_argument("settings", nargs="*", metavar="key=value", help="deployer options")
    parser.add_argument("--port", type=int, default=3000, help="default: 3000")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.components import Deployer
    from mlfw.config.single import compose_one
    from mlfw.errors import UserError
    from mlfw.pipeline.api import model_folder
    from mlfw.pipeline.saved_model import check_rows
    from mlfw.plugins import load_plugins, warn_of_broken
    from mlfw.runs import runs_folder

    plugins = load_plugins()
    warn_of_broken(plugins)
    if not 0 < options.port < 65536:
        raise UserError(f"--port {options.port}: expected a number from 1 to 65535.")
    folder = model_folder(options.run, runs_folder(options.runs), note)
    allowed_imports(options)
    check_rows(folder, plugins.registry)
    name, deployer = compose_one("deployer", options.settings, plugins.registry, "bentoml")
    assert isinstance(deployer, Deployer)
    if not deployer.serves:
        raise UserError(f"deployer={name}: cannot serve.", "Type: mlfw serve RUN deployer=bentoml")
    return deployer.serve(folder.absolute(), host=options.host, port=options.port)
