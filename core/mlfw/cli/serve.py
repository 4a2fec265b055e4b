"""`mlfw serve`: serve the models of runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.cli.notes import note
from mlfw.cli.options import add_import_argument, add_runs_folder, allowed_imports

if TYPE_CHECKING:
    from mlfw.plugins import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "words",
        nargs="+",
        metavar="RUN | NAME=RUN | key=value",
        help="the model to serve: a run directory, a run's name, or `latest`; several are served "
        "with NAME=RUN for each. serve.KEY=VALUE changes an option of the deployer",
    )
    add_runs_folder(parser)
    add_import_argument(parser)
    parser.add_argument("--port", type=int, default=3000, help="default: 3000")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen on (default: 127.0.0.1, this machine alone)",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="callers must send the token in this file as `Authorization: Bearer TOKEN`; only its "
        "owner may be able to read it (default: the token in $MLFW_TOKEN, if any)",
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="let anybody call who reaches a public address, without a token",
    )
    parser.add_argument(
        "--share",
        action="append",
        default=[],
        metavar="NAME=FRACTION",
        help="let a model answer this fraction of the calls, such as challenger=0.1; the first "
        "model answers the rest; repeatable",
    )
    parser.add_argument(
        "--shadow",
        action="append",
        default=[],
        metavar="NAME",
        help="let a model predict the same rows as well, without its answers being returned; "
        "repeatable",
    )


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.cli.own_deployer import compose_deployer
    from mlfw.cli.serving import check_schemas, read_serving, sort_words
    from mlfw.errors import UserError
    from mlfw.pipeline.saved_model import check_rows
    from mlfw.plugins import load_plugins, warn_of_broken

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    words, settings = sort_words(options.words)
    serving = read_serving(options, words)
    allowed_imports(options)
    for folder in serving.models.values():
        check_rows(folder, plugins.registry)
    check_schemas(serving)
    absolute = {name: folder.absolute() for name, folder in serving.models.items()}
    serving = replace(serving, models=absolute)
    first = next(iter(serving.models.values()))
    run = first.parent if first.name == "model" else first
    name, deployer = compose_deployer(settings, run, plugins.registry, serves=True)
    if not deployer.serves:
        raise UserError(f"deployer={name}: cannot serve.", _servers(plugins.registry))
    return deployer.serve(serving)


def _servers(registry: Registry) -> str:
    """Return what to type for a deployer that serves."""
    from mlfw.components import Deployer

    names = [
        name
        for name, entry in registry.kind("deployer").items()
        if issubclass(entry.component, Deployer) and entry.component.serves
    ]
    return f"Type: mlfw serve RUN deployer={names[0]}" if names else ""
