"""`mlfw config`: the composed configuration, and where each value came from."""

from __future__ import annotations

import argparse

from mlfw.cli.notes import note
from mlfw.cli.options import add_config_arguments, split_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_config_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.config import compose, render
    from mlfw.plugins import load_plugins, warn_of_broken

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    file, overrides = split_settings(options.settings)
    config = compose(file, overrides, plugins, config_dir=options.config_dir, need_packages=False)
    for sentence in config.notes:
        note(sentence)
    print(render(config))
    return 0
