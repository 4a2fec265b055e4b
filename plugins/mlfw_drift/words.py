"""What a report says in plain words: what changed in a column, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from mlfw import Kind
from mlfw_drift.report import ColumnDrift, DriftReport, Share, Verdict, in_words

WORTH_TELLING = 0.02
IMPORTANT, UNIMPORTANT = 0.1, 0.02
MOST_CATEGORIES = 2


def percent(share: float) -> str:
    """Return a share as people write it: 0.3 %, 12 %."""
    part = share * 100
    if 0 < part < 0.1:
        return "< 0.1 %"
    return f"{part:.1f} %" if 0 < part < 9.95 and round(part, 1) % 1 else f"{part:.0f} %"


def summary(report: DriftReport) -> str:
    """Return what was found, in a sentence or two."""
    moved = sum(each.moved for each in report.columns)
    total = len(report.columns)
    columns = f"{moved} of {total} column{'' if total == 1 else 's'} moved"
    if not moved:
        columns = f"None of {total} columns moved" if total > 1 else "The column has not moved"
    outputs = [each for each in report.predictions if each.moved]
    if not report.predictions:
        return f"{columns}."
    what = "the predictions moved" if outputs else "the predictions are as they were"
    return f"{columns}; {what}."


def rows_note(report: DriftReport) -> str:
    """Return whether there are enough rows, and how many there should be; empty if all is well."""
    unsure = [each for each in report.columns if each.verdict is Verdict.unsure]
    if not unsure:
        return ""
    needed = report.rows_needed
    if needed is None:
        return (
            f"The {report.trained:,} training rows are too few to tell a large change of every "
            "column from chance; those that are called 'too few rows' may have moved."
        )
    return (
        f"{report.rows:,} rows are few: about {needed:,} are needed to tell a large change of "
        "every column from chance. Compare again when there are more."
    )


def changed(found: ColumnDrift) -> str:
    """Return what changed in a column, or that little did."""
    parts = list(_changes(found))
    return "; ".join(parts) if parts else "little"


def _changes(found: ColumnDrift) -> Iterator[str]:
    if found.unseen >= WORTH_TELLING or (found.unseen and found.moved):
        shown = ", ".join(f"'{each[:30]}'" for each in found.examples)
        yield f"new values {percent(found.unseen)} ({shown})"
    before, now = found.missing
    if abs(now - before) >= WORTH_TELLING:
        yield f"missing {percent(before)} -> {percent(now)}"
    if found.misfits:
        yield f"unreadable {percent(found.misfits)}"
    if found.outside >= WORTH_TELLING:
        yield f"outside the training range {percent(found.outside)}"
    if found.median is not None:
        if found.moved:
            old, new = (in_words(each, found.kind) for each in found.median)
            yield f"median {old} -> {new}"
        return
    if found.moved:
        for share in _moved_most(found):
            yield f"{share.name[:40]} {percent(share.before)} -> {percent(share.now)}"


def _moved_most(found: ColumnDrift) -> list[Share]:
    own = [each for each in found.shares if each.name not in ("missing", "new ones")]
    own.sort(key=lambda each: -abs(each.now - each.before))
    return [each for each in own[:MOST_CATEGORIES] if abs(each.now - each.before) >= 0.01]


def advice(report: DriftReport) -> list[str]:
    """Return what to do, one sentence or two each."""
    found: list[str] = []
    for column in report.columns:
        if column.moved or column.misfits >= WORTH_TELLING:
            found += _about(column, report)
    inputs = any(each.moved for each in report.columns)
    if any(each.moved for each in report.predictions) and not inputs:
        found.append(
            "The predictions moved though no column did by itself: columns may have moved "
            "together. Check predictions for rows whose outcome is known."
        )
    important = any(
        each.moved and (each.importance is None or each.importance >= UNIMPORTANT)
        for each in report.columns
    )
    if important or any(each.moved for each in report.predictions):
        step = "Collect rows with their true outcome, see whether the model is still right"
        how = f" ({report.evaluate})" if report.evaluate else ""
        found.append(f"{step}{how}, and train again with recent rows if it is not.")
    if not found:
        found.append("Nothing: no column differs from training by more than chance and noticeably.")
    if not report.ranked:
        found.append(
            "What matters to the model is not known here, as its run's validation rows are not "
            "beside it; columns are in the order of how far they moved."
        )
    return found


def _about(column: ColumnDrift, report: DriftReport) -> Iterator[str]:
    name, before, now = column.name, *column.missing
    if column.misfits >= WORTH_TELLING:
        yield f"{name}: {percent(column.misfits)} cannot be read; check how the sender writes it."
    if now - before >= WORTH_TELLING:
        yield f"{name}: more is missing than in training; check where it is filled in."
    if column.unseen >= WORTH_TELLING:
        yield f"{name}: new values; check their spelling, or train again with rows that hold them."
    if column.kind == Kind.datetime and column.moved:
        yield f"{name}: dates move on with time; does the model need the date itself?"
    if column.moved and report.ranked and (column.importance or 0.0) < UNIMPORTANT:
        yield f"{name}: moved, but the model hardly uses it; no need to hurry."
