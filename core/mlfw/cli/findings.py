"""What the checks of the data have found, on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlfw.cli.table import GAP, table_lines
from mlfw.cli.wrapping import columns, wrapped
from mlfw.components.finding import Finding

MOST = 12
MOST_LINES = 3
MOST_NAMED = 3
WIDEST = 110
INDENT = "  "
HEADING = ("check", "found", "action")
REPORT = "report.md"
# Between sentences, which may begin with a key to type.
SENTENCES = re.compile(r"(?<=\.) (?=[A-Z]|dataset\.)")


def findings_table(findings: Sequence[Finding], width: int) -> list[str]:
    """Return findings as lines of a table, what is not mended first; nothing for none.

    A check has one row, in which columns of which it says the same come together. What does not
    fit into three lines is counted, and left to the report.

    Args:
        findings: What the checks have found.
        width: How many characters a line may have.
    """
    if not findings:
        return []
    groups: dict[tuple[bool, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.fixed):
        groups.setdefault((finding.fixed, finding.check), []).append(finding)
    shown, left = list(groups.values())[:MOST], list(groups.values())[MOST:]
    width = min(width, WIDEST)
    names = max(columns(own[0].check) for own in shown)
    room = width - len(INDENT) - names - 2 * len(GAP)
    actions = [_action(own, room // 2) for own in shown]
    left_over = room - min(max(map(columns, actions)), room // 2)
    rows = [
        (own[0].check, _found(own, left_over), action)
        for own, action in zip(shown, actions, strict=True)
    ]
    lines = table_lines(HEADING, rows, width, indent=INDENT)
    more = sum(map(len, left))
    return [*lines, f"{INDENT}and {more} more: see {REPORT}"] if more else lines


def _found(findings: Sequence[Finding], room: int) -> str:
    """Return what a check has found, as far as it fits into three lines."""
    alike: dict[str, list[Finding]] = {}
    for finding in findings:
        alike.setdefault(_stem(finding), []).append(finding)
    groups = list(alike.values())
    parts = [_about(own) for own in groups]
    for shown in range(len(groups), 0, -1):
        more = sum(map(len, groups[shown:]))
        several = [*parts[:shown], *_more(more, groups[-1])]
        text = "; ".join([*(part.removesuffix(".") for part in several[:-1]), several[-1]])
        if _fits(text, room):
            return text
    words = parts[0].split()
    ending = "; ".join(["...", *_more(more, groups[-1])]) if more else f"... ({REPORT})"
    while len(words) > 1 and not _fits(" ".join([*words, ending]), room):
        words.pop()
    return " ".join([*words, ending])


def _fits(text: str, room: int) -> bool:
    return len(wrapped(text, room, "")) <= MOST_LINES


def _more(count: int, findings: Sequence[Finding]) -> Iterator[str]:
    if count:
        what = " column" * bool(findings[0].column) + "s" * bool(findings[0].column and count > 1)
        yield f"and {count} more{what}: {REPORT}"


def _stem(finding: Finding) -> str:
    """Return the message without the number of rows that it begins with, for any number."""
    counted = f"{finding.rows:,} "
    if not finding.rows or not finding.message.startswith(counted):
        return finding.message
    return re.sub(r"s\b", "", finding.message.removeprefix(counted))


def _about(findings: Sequence[Finding]) -> str:
    """Return what is said of columns of which the same is said but for the number of rows."""
    message = max(findings, key=lambda finding: finding.rows).message
    rest = message.removeprefix(f"{max(finding.rows for finding in findings):,} ")
    if rest != message:
        message = f"{sum(finding.rows for finding in findings):,} {rest}"
    names = [finding.column for finding in findings if finding.column]
    if not names:
        return message
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    if more > 0:
        shown += f" and {more} more column{'s' if more > 1 else ''} ({REPORT})"
    return f"{shown}: {message}"


def _action(findings: Sequence[Finding], room: int) -> str:
    """Return what to do or what was done: what is said of all columns, in three lines at most."""
    own = [SENTENCES.split(finding.remedy) for finding in findings]
    sentences = [sentence for sentence in own[0] if all(sentence in others for others in own)]
    sentences = sentences or own[0]
    while len(sentences) > 1 and not _fits(" ".join(sentences), room):
        # The last one is the check's own fix; of what was done, the first one says it.
        sentences = sentences[:-1] if findings[0].fixed else sentences[1:]
    return " ".join(sentences)
