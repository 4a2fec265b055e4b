"""`mlfw predict`: rows in, predictions out."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path

from mlfw.cli.notes import note, print_notes
from mlfw.cli.options import (
    add_engine_argument,
    add_import_argument,
    add_run_argument,
    allowed_imports,
)
from mlfw.cli.watched import watched
from mlfw.pipeline.streams import rows_path

FILE, PATH = "file", "path"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run_argument(parser)
    add_import_argument(parser)
    add_engine_argument(parser)
    parser.add_argument(
        "data",
        metavar="DATA",
        type=rows_path,
        help="rows: .csv, .parquet, .jsonl or .xlsx, a URL of one, or - for standard input; "
        "images: a folder",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="where to: .csv, .parquet or .jsonl (default: CSV on standard output)",
    )
    parser.add_argument(
        "--keep",
        metavar="COLUMN",
        action="append",
        help="put this column of DATA before the predictions; may be given several times, or with "
        "commas between names (default: the columns that training left out as identifiers; "
        "'' for none)",
    )
    parser.add_argument(
        "--digits",
        metavar="N",
        type=int,
        choices=range(18),
        default=4,
        help="decimals of probabilities and predicted numbers (default: 4; 17 for all)",
    )


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    import pyarrow as pa

    from mlfw.memory import return_large_blocks
    from mlfw.pipeline.api import model_folder
    from mlfw.pipeline.output import identifier_columns, kept_columns, output_table
    from mlfw.pipeline.outside_runs import check_outside_runs
    from mlfw.pipeline.predict_pieces import NotInPiecesError, PiecePrediction
    from mlfw.pipeline.row_files import (
        read_row_pieces,
        read_rows,
        row_writer,
        write_row_pieces,
        write_rows,
    )
    from mlfw.pipeline.saved_model import load_model
    from mlfw.pipeline.streams import check_apart, is_stream, readable, shown
    from mlfw.pipeline.tables import keep_pandas_out
    from mlfw.plugins import load_plugins, warn_of_broken
    from mlfw.runs import runs_folder
    from mlfw.schema.value_notes import ValueNote

    return_large_blocks()
    plugins = load_plugins()
    keep_pandas_out(plugins.infos)
    warn_of_broken(plugins, note)
    if options.output is not None and not is_stream(options.output):
        check_outside_runs(options.output)
    lists = row_writer(options.output, plugins.registry).lists
    check_apart(options.data, options.output, _other_name(options))
    folder = model_folder(options.run, runs_folder(options.runs), note)
    model = load_model(
        folder, plugins.registry, allowed_imports(options), native=options.engine == "native"
    )
    place = shown(options.data)
    in_file = options.output is not None and not is_stream(options.output)
    notes: list[ValueNote] = []
    own, names = _dataset_options(folder), model.schema.all_names
    paths = [PATH if FILE in names else FILE]
    usual = paths if options.data.is_dir() else identifier_columns(folder.parent / "data")

    def output(rows: pa.Table, predictions: pa.Table) -> pa.Table:
        kept = kept_columns(rows, options.keep, usual, place)
        return output_table(model.schema, predictions, kept, digits=options.digits, lists=lists)

    table, written = None, 0
    with watched("predict") as progress, readable(options.data) as file:
        reading = (file, plugins.registry, own, progress)
        found = read_row_pieces(*reading, names=names)
        if found is not None:
            pieces, reader = found
            tables = PiecePrediction(model, output, place).tables(pieces, notes)
            with suppress(NotInPiecesError):
                if in_file:
                    written = write_row_pieces(tables, options.output, plugins.registry)
                else:
                    table = pa.concat_tables(tables)
                for finding in reader.notes():
                    note(finding.message)
        if table is None and not written:
            rows = read_rows(*reading, names=names, noted=note)
            predictions = model.predict_table(rows, place=place, progress=progress, notes=notes)
            table = output(rows, predictions)
    print_notes(notes, place)
    if table is not None and write_rows(table, options.output, plugins.registry):
        written = table.num_rows
    if in_file:
        print(f"{written} predictions in {options.output}")
    return 0


def _other_name(options: argparse.Namespace) -> str:
    """Return a command that writes beside the input."""
    from mlfw.hints import command

    name = f"{options.data.stem.strip('-') or 'rows'}-predictions.csv"
    words = ["predict", options.run, str(options.data), "-o", name]
    return f"Type: {command(*words)}"


def _dataset_options(model: Path) -> dict[str, object]:
    """Return how the run that a saved model belongs to read its data, where it has one."""
    from mlfw.runs import RunDirectory

    run = RunDirectory(model.parent)
    return dict(run.frozen()["dataset"]) if run.config_file.is_file() else {}
