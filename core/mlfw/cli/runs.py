"""`mlfw runs`: list runs."""

from __future__ import annotations

import argparse
import time

from mlfw.cli.options import add_runs_folder
from mlfw.cli.table import age, print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_runs_folder(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.runs import list_runs, runs_folder

    folder = runs_folder(options.runs)
    runs = list_runs(folder)
    if not runs:
        print(f"no runs in {folder.absolute()}")
        return 0
    rows = []
    for run in runs:
        record = run.record()
        value = "" if record.value is None else f"{record.metric} {record.value:.4g}"
        rows.append(
            [run.path.name, record.model, value, run.state(), age(time.time() - record.created)]
        )
    print_table(["name", "model", "main metric", "state", "age"], rows)
    return 0
