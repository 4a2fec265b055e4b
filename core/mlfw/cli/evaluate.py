"""`mlfw evaluate`: a run's metrics again."""

from __future__ import annotations

import argparse
import json

from mlfw.cli.notes import note, print_notes
from mlfw.cli.options import (
    add_engine_argument,
    add_import_argument,
    add_run_argument,
    allowed_imports,
)
from mlfw.cli.output import print_sentence
from mlfw.cli.table import print_table
from mlfw.cli.watched import watched
from mlfw.pipeline.streams import rows_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_run_argument(parser)
    add_import_argument(parser)
    add_engine_argument(parser)
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        type=rows_path,
        help="rows with the target, as a file, a URL, or - for standard input (default: the run's "
        "test rows)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.files import finite
    from mlfw.pipeline.cross_validate import summary
    from mlfw.pipeline.measure import measure
    from mlfw.pipeline.report import metrics_table
    from mlfw.pipeline.streams import shown as stream_name
    from mlfw.plugins import load_plugins, warn_of_broken
    from mlfw.runs import find_run, runs_folder
    from mlfw.runs.record import FINISHED
    from mlfw.runs.store import in_words
    from mlfw.schema.value_notes import ValueNote

    plugins = load_plugins()
    warn_of_broken(plugins, note)
    run = find_run(options.run, runs_folder(options.runs), note)
    if run.state() != FINISHED:
        note(f"{run.path}: the run {in_words(run)}")
    odd: list[ValueNote] = []
    with watched("evaluate") as progress:
        found = measure(
            run,
            plugins.registry,
            options.data,
            allowed_imports(options),
            progress,
            odd,
            note,
            native=options.engine == "native",
        )
    if options.data is not None:
        print_notes(odd, stream_name(options.data))
    folds = summary(run) if options.data is None else {}
    if options.json:
        metrics = found.metrics
        first = next(iter(metrics.values()))
        notes = {"notes": list(found.notes)} if found.notes else {}
        shown = metrics if len(metrics) > 1 else {**first, **found.facts, **notes, **folds}
        print(json.dumps(finite(shown), indent=2))
        return 0
    print_table(*metrics_table({**found.metrics, **folds}))
    if found.notes:
        print()
    for sentence in found.notes:
        print_sentence(f"{sentence}.")
    return 0
