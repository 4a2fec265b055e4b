"""`mlfw plugins`: list plugins."""

from __future__ import annotations

import argparse

from mlfw.cli.table import print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments; there are none."""


def main(options: argparse.Namespace) -> int:  # noqa: ARG001 - one signature for all commands
    """Run the command."""
    from mlfw.plugins import load_plugins

    infos = load_plugins().infos
    rows = []
    for info in infos:
        provides = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in info.provides.items())
        state = f"BROKEN: {info.error}" if info.error else provides
        if info.error.startswith("disabled"):
            state = info.error
        rows.append([info.name, info.distribution, info.version, state])
    print_table(["plugin", "distribution", "version", "provides"], rows)
    return 0
