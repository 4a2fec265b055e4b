"""A report as text for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from mlfw.cli.table import table_lines
from mlfw.cli.wrapping import wrapped
from mlfw.hints import printable
from mlfw_drift.report import ColumnDrift, DriftReport
from mlfw_drift.words import advice, changed, percent, rows_note, summary

WIDTH = 80
MOST_STABLE = 12
LONGEST_NAME = 24


def lines(report: DriftReport) -> list[str]:
    """Return a report as lines of at most 80 columns, if no name is longer."""
    return [printable(line) for line in _lines(report)]


def _lines(report: DriftReport) -> Iterator[str]:
    head = f"{report.data}: {report.rows:,} rows, compared with {report.trained:,} training rows"
    yield from wrapped(head, WIDTH)
    yield from wrapped(summary(report), WIDTH, "")
    note = rows_note(report)
    if note:
        yield from wrapped(note, WIDTH, "")
    for title, columns in (("column", report.columns), ("prediction of", report.predictions)):
        shown = _shown(columns)
        if not shown:
            continue
        yield ""
        ranked = report.ranked and title == "column"
        heading = [title, *(["matters"] if ranked else []), "PSI", "", "what changed"]
        yield from table_lines(heading, [_row(each, ranked) for each in shown], WIDTH)
        if len(shown) < len(columns):
            yield f"and {len(columns) - len(shown)} more, none of which moved"
    if report.left_out:
        yield ""
        left = ", ".join(report.left_out)
        yield from wrapped(f"not compared: {left}", WIDTH)
    if report.predictions and report.predicted:
        yield ""
        yield from wrapped("The predictions were made now, as the rows hold none.", WIDTH, "")
    yield ""
    yield "what to do"
    for sentence in advice(report):
        yield from (f"  {line}" for line in wrapped(f"- {sentence}", WIDTH - 2, "  "))


def _shown(columns: tuple[ColumnDrift, ...]) -> list[ColumnDrift]:
    """Return all columns that moved, and of the others the first ones."""
    left, found = MOST_STABLE, []
    for each in columns:
        if each.moved:
            found.append(each)
        elif left:
            found.append(each)
            left -= 1
    return found


def _row(found: ColumnDrift, ranked: bool) -> list[str]:
    name = found.name if len(found.name) <= LONGEST_NAME else f"{found.name[: LONGEST_NAME - 3]}..."
    weight = [percent(found.importance or 0.0)] if ranked else []
    return [name, *weight, f"{found.psi:.2f}", found.verdict.value, changed(found)]
