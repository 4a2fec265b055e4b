"""What the checks of the data have found, on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from mlfw.components.finding import Finding

MOST = 12
MOST_OF_A_CHECK = 3
NARROWEST, WIDEST = 60, 110
HEADING = ("check", "found", "what to do or what was done")


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
    lines = [*_aligned([(*HEADING, 0), *shown], min(max(width, NARROWEST), WIDEST))]
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


def _aligned(rows: Sequence[tuple[str, str, str, int]], width: int) -> Iterator[str]:
    """Yield lines of three columns, the last two wrapped."""
    first = max(len(row[0]) for row in rows)
    left = width - 2 - first - 4
    second = min(max(len(row[1]) for row in rows), left * 11 // 20)
    third = left - second
    for row in rows:
        found, remedy = textwrap.wrap(row[1], second), textwrap.wrap(row[2], third)
        for i in range(max(len(found), len(remedy))):
            cells = (
                row[0] if i == 0 else "",
                found[i] if i < len(found) else "",
                remedy[i] if i < len(remedy) else "",
            )
            yield f"  {cells[0]:<{first}}  {cells[1]:<{second}}  {cells[2]}".rstrip()
