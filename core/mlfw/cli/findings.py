"""What the checks of the data have found, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlfw.cli.table import table_lines
from mlfw.components.finding import Finding

MOST = 12
MOST_OF_A_CHECK = 3
WIDEST = 110
HEADING = ("check", "found", "action")


def findings_table(findings: Sequence[Finding], width: int) -> list[str]:
    """Return findings as lines of a table, what is not mended first; nothing for none.

    Columns about which a check says the same share a line, and what is too much for a glance is
    counted.

    Args:
        findings: What the checks have found.
        width: How many characters a line may have.
    """
    if not findings:
        return []
    ordered = sorted(findings, key=lambda finding: finding.fixed)
    rows = [*_rows(ordered)]
    shown, left = rows[:MOST], rows[MOST:]
    lines = table_lines(HEADING, [row[:3] for row in shown], min(width, WIDEST), indent="  ")
    more = sum(count for *_, count in left)
    return [*lines, f"  and {more} more: see data.json"] if more else lines


def _rows(findings: Sequence[Finding]) -> Iterator[tuple[str, str, str, int]]:
    """Yield check, what was found, what to do, and how many findings that stands for."""
    by_check: dict[tuple[str, bool], dict[tuple[str, str], list[Finding]]] = {}
    for finding in findings:
        own_groups = by_check.setdefault((finding.check, finding.fixed), {})
        own_groups.setdefault((finding.message, finding.remedy), []).append(finding)
    for (check, _), groups in by_check.items():
        own = list(groups.items())
        whole = own if len(own) <= MOST_OF_A_CHECK else own[: MOST_OF_A_CHECK - 1]
        for (message, remedy), same in whole:
            yield check, _about([f.column for f in same if f.column], message), remedy, len(same)
        rest = [finding for _, same in own[len(whole) :] for finding in same]
        if rest:
            columns = [finding.column for finding in rest]
            yield check, _about(columns, "the like; see data.json"), rest[0].remedy, len(rest)


def _about(columns: Sequence[str], message: str) -> str:
    shown = ", ".join(columns[:3]) + (f" and {len(columns) - 3} more" if columns[3:] else "")
    return f"{shown}: {message}" if shown else message
