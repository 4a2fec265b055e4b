"""`mlfw drift`: compare later rows with those that a model was trained on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import ClassVar

from mlfw import Command


class Drift(Command):
    """Compares later rows with those that a model was trained on."""

    help: ClassVar[str] = "tell which columns of later rows differ from the training data"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""
        from mlfw.cli.options import add_import_argument, add_run_argument

        add_run_argument(parser)
        add_import_argument(parser)
        parser.add_argument(
            "data",
            metavar="LOG_OR_FILE",
            type=Path,
            help="the log of a service (a .parquet file or a folder of them), or other rows: .csv, "
            ".parquet, .jsonl or .xlsx, or - for standard input",
        )
        parser.add_argument("--json", metavar="FILE", type=Path, help="write the report as JSON")
        parser.add_argument("--html", metavar="FILE", type=Path, help="write it as one HTML page")
        parser.add_argument(
            "--without",
            metavar="COLUMN",
            action="append",
            default=[],
            help="do not look at this column; repeatable, and allowed to be missing in the rows",
        )
        parser.add_argument(
            "--fail",
            action="store_true",
            help="exit with status 3 if a column or the predictions have moved, for scheduled jobs",
        )

    def main(self, options: argparse.Namespace) -> int:
        """Run the command."""
        from mlfw.cli.notes import note
        from mlfw.cli.options import allowed_imports
        from mlfw.cli.watched import watched
        from mlfw.disk import check_output
        from mlfw.pipeline.api import model_folder
        from mlfw.pipeline.outside_runs import check_outside_runs
        from mlfw.plugins import load_plugins, warn_of_broken
        from mlfw.runs import runs_folder
        from mlfw_drift.compare import compare, require_scipy
        from mlfw_drift.text import lines

        require_scipy()
        plugins = load_plugins()
        warn_of_broken(plugins, note)
        for option, path in (("--json", options.json), ("--html", options.html)):
            if path is not None:
                check_outside_runs(path, option)
                check_output(path)
        folder = model_folder(options.run, runs_folder(options.runs), note)
        with watched("drift") as progress:
            report = compare(
                folder,
                options.data,
                plugins.registry,
                allowed_imports(options),
                without=options.without,
                progress=progress,
            )
        print("\n".join(lines(report)))
        if options.json is not None:
            from mlfw.files import write_json

            write_json(options.json, report.to_json())
        if options.html is not None:
            from mlfw.files import write_text
            from mlfw_drift.page import page

            write_text(options.html, page(report))
        return 3 if options.fail and report.moved else 0
