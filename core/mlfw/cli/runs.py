"""`mlfw runs`: list runs."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from mlfw.cli.notes import note
from mlfw.cli.options import add_runs_folder
from mlfw.cli.table import age, print_table

if TYPE_CHECKING:
    from mlfw.runs import RunRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_runs_folder(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.runs import list_runs, runs_folder

    folder = runs_folder(options.runs)
    runs = list_runs(folder, note)
    if not runs:
        print(f"no runs in {folder.absolute()}")
        return 0
    rows = []
    for run in runs:
        record = run.record()
        rows.append(
            [
                run.path.name,
                record.model,
                _main_metric(record),
                run.state(),
                age(time.time() - record.created),
            ]
        )
    print_table(["name", "model", "main metric", "state", "age"], rows)
    return 0


def _main_metric(record: RunRecord) -> str:
    """Return a run's main metric, with the class and the split that it is of."""
    from mlfw.hints import printable

    if record.value is None:
        return ""
    positive = printable(record.positive)
    name = f"{record.metric} ({positive})" if positive else record.metric
    return f"{name} {record.value:.4g}" + (f" on {record.split}" if record.split else "")
