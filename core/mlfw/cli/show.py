"""`mlfw show`: list the components of a kind, or explain one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlfw import hints
from mlfw.cli.notes import note
from mlfw.cli.output import terminal_width
from mlfw.cli.table import print_table
from mlfw.cli.wrapping import wrapped

if TYPE_CHECKING:
    from mlfw.plugins import Registry

TEXT_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("kind", metavar="KIND", nargs="?", help="dataset, model, trainer, ...")
    parser.add_argument("name", metavar="NAME", nargs="?", help="one component")


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.components import KINDS
    from mlfw.plugins import load_plugins, warn_of_broken

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    if options.kind is None:
        rows = [[kind, ", ".join(plugins.registry.kind(kind))] for kind in KINDS]
        print_table(["kind", "components"], rows)
    elif options.name is None:
        _list(options.kind, plugins.registry)
    else:
        _explain(options.kind, options.name, plugins.registry)
    return 0


def _list(kind: str, registry: Registry) -> None:
    from mlfw.components.describe import summary

    rows = []
    for name, entry in registry.kind(kind).items():
        missing = "" if not entry.component.missing_packages() else "not installed"
        rows.append([name, summary(entry.component), entry.distribution, missing])
    print_table([kind, "", "distribution", ""], rows)


def _explain(kind: str, name: str, registry: Registry) -> None:
    from mlfw.components.describe import describe_fields, description

    entry = registry.get(kind, name)
    print(f"{kind}={name}  ({entry.distribution}, plugin {entry.plugin})")
    width = min(terminal_width(sys.stdout) or TEXT_WIDTH, TEXT_WIDTH)
    for paragraph in description(entry.component):
        print("\n".join(["", *wrapped(paragraph, width, "")]))
    print()
    rows = [
        [
            f"{kind}.{field.name}" if kind != "metrics" else f"metrics.{name}.{field.name}",
            field.type,
            field.default,
            field.search,
            field.help,
        ]
        for field in describe_fields(entry.component)
    ]
    if rows:
        _print_fields(rows)
    else:
        print("It has no fields.")
    missing = entry.component.missing_packages()
    if missing:
        extra = f"[{entry.component.extra}]" if entry.component.extra else ""
        print(
            f"\nNot installed: {', '.join(missing)}. Type: "
            f"{hints.install(f'{entry.distribution}{extra}')}"
        )


def _print_fields(rows: Sequence[Sequence[str]]) -> None:
    """Print a table of fields, or on a terminal, where it would be cut, a paragraph a field."""
    width = terminal_width(sys.stdout)
    if width is not None:
        print("\n".join(field_lines(rows, width)))
    else:
        print_table(["field", "type", "default", "search range", "help"], rows)


def field_lines(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return lines that say of each field its type, default and range, and then its help.

    Args:
        rows: Name, type, default, search range and help of each field.
        width: How many characters a line may have.
    """
    lines = []
    for name, kind, default, search, text in rows:
        about = f"{name}={default}  ({kind}{f'; search range {search}' if search else ''})"
        lines += wrapped(about, width, "    ")
        lines += wrapped(f"    {text}", min(width, TEXT_WIDTH))
    return lines
