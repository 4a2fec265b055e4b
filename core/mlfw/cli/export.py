"""`mlfw export`: write a run's model in a portable format."""

from __future__ import annotations

import argparse
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.cli.notes import note
from mlfw.cli.options import add_run_argument
from mlfw.cli.output import print_sentence

if TYPE_CHECKING:
    from mlfw.components import Deployer
    from mlfw.plugins import Registry

README = "README.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run_argument(parser)
    parser.add_argument(
        "settings", nargs="*", metavar="key=value", help="options of the format: deployer.FIELD=..."
    )
    parser.add_argument(
        "--to", metavar="FORMAT", required=True, help="the format, a deployer's name such as onnx"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        required=True,
        help="where to: a new or an empty folder",
    )


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.files import filled_folder
    from mlfw.hints import shell_word
    from mlfw.pipeline.api import model_folder
    from mlfw.pipeline.outside_runs import check_outside_runs
    from mlfw.pipeline.saved_model import check_rows
    from mlfw.plugins import load_plugins, warn_of_broken
    from mlfw.runs import runs_folder

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    deployer = _exporting(options.to, options.settings, plugins.registry)
    check_outside_runs(options.output)
    _check_new(options.output)
    folder = model_folder(options.run, runs_folder(options.runs), note).absolute()
    if deployer.needs_rows:
        check_rows(folder, plugins.registry)
    name = (folder.parent if folder.name == "model" else folder).name
    note(f"exporting {name} to {options.to}")  # networks take up to half a minute
    with filled_folder(options.output) as temporary:
        deployment = deployer.deploy(folder, temporary, name)
    print(f"exported  {options.output / deployment.artifact if deployment else options.output}")
    for file in sorted(path for path in options.output.rglob("*") if path.is_file()):
        print(f"  {_size(file.stat().st_size):>8}  {file}")
    for sentence in deployment.notes if deployment else ():
        print_sentence(sentence)
    commands = list(deployment.commands if deployment else ())
    if (options.output / README).is_file():
        commands.insert(0, f"cat {shell_word(options.output / README)}")
    if commands:
        print("next:", *commands, sep="\n  ")
    return 0


def _exporting(name: str, settings: list[str], registry: Registry) -> Deployer:
    """Return the deployer of a format.

    Raises:
        UserError: It is not known, or what it makes cannot be taken anywhere.
    """
    from mlfw.components import Deployer
    from mlfw.config.single import compose_one
    from mlfw.errors import UserError, did_you_mean, listing
    from mlfw.hints import install

    entries = registry.kind("deployer")
    formats = [
        each
        for each, entry in entries.items()
        if issubclass(entry.component, Deployer) and entry.component.exports
    ]
    if name not in formats:
        what = "a deployer that exports nothing" if name in entries else "no such format"
        more = "" if formats else f" Type: {install('mlfw[onnx]')}"
        raise UserError(
            f"--to {name}: {what}; the formats are: {listing(sorted(formats)) or 'none'}.",
            f"{did_you_mean(name, formats, listed=True)}{more}".strip(),
        )
    given = [text for text in settings if text.partition("=")[0] == "deployer"]
    if given:
        raise UserError(f"'{given[0]}': the format is named by --to.", f"Type: --to {name}")
    _, deployer = compose_one("deployer", settings, registry, name)
    assert isinstance(deployer, Deployer)
    return deployer


def _check_new(folder: Path) -> None:
    """Check that a folder is new or empty.

    Raises:
        UserError: It is neither.
    """
    from mlfw.errors import UserError
    from mlfw.hints import shell_word

    if folder.exists() and not folder.is_dir():
        raise UserError(
            f"-o {folder}: expected a folder, found a file.",
            f"Name another one: -o {shell_word(folder.with_name(f'{folder.name}-export'))}",
        )
    if folder.is_dir() and any(folder.iterdir()):
        whole = folder.absolute()
        numbered = (whole.with_name(f"{whole.name}-{number}") for number in count(2))
        other = next(path for path in numbered if not path.exists())
        raise UserError(
            f"-o {folder}: expected a new or an empty folder; this one holds files.",
            f"Name another one: -o {shell_word(Path(os.path.relpath(other)))}",
        )


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 0.1):.1f} kB"
