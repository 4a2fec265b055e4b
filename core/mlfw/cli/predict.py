"""`mlfw predict`: rows in, predictions out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mlfw.cli.notes import note
from mlfw.cli.options import add_import_argument, add_run_argument, allowed_imports
from mlfw.cli.watched import watched

FILE = "file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run_argument(parser)
    add_import_argument(parser)
    parser.add_argument(
        "data",
        metavar="DATA",
        type=Path,
        help="rows: .csv, .parquet, .jsonl or .xlsx; images: a folder",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="where to: .csv, .parquet or .jsonl (default: CSV on standard output)",
    )


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.pipeline.api import model_folder
    from mlfw.pipeline.row_files import read_rows, row_format, write_rows
    from mlfw.pipeline.saved_model import load_model
    from mlfw.plugins import load_plugins, warn_of_broken
    from mlfw.runs import runs_folder

    plugins = load_plugins()
    warn_of_broken(plugins)
    if options.output is not None:
        row_format(options.output, plugins.registry, write=True)
    folder = model_folder(options.run, runs_folder(options.runs), note)
    model = load_model(folder, plugins.registry, allowed_imports(options))
    with watched("predict") as progress:
        own = _dataset_options(folder)
        names = model.schema.all_names
        rows = read_rows(options.data, plugins.registry, own, progress, names=names, noted=note)
        predictions = model.predict_table(rows, place=str(options.data), progress=progress)
    if options.data.is_dir() and FILE in rows.column_names:
        predictions = predictions.add_column(0, FILE, rows[FILE])
    if options.output is None:
        import pyarrow.csv

        pyarrow.csv.write_csv(predictions, sys.stdout.buffer)
    else:
        write_rows(predictions, options.output, plugins.registry)
        print(f"{predictions.num_rows} predictions in {options.output}")
    return 0


def _dataset_options(model: Path) -> dict[str, object]:
    """Return how the run that a saved model belongs to read its data, where it has one."""
    from mlfw.runs import RunDirectory

    run = RunDirectory(model.parent)
    return dict(run.frozen()["dataset"]) if run.config_file.is_file() else {}
