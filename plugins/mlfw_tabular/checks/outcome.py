"""What is done about what a check has found, and how it is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlfw import Action, Finding, UserError
from mlfw_tabular.checks.base import Check, Problem

KEY = "dataset.checks"
ALL = "all"
STREAMED = "dataset.stream=false"


@dataclass
class Outcome:
    """What checks have found, and what is done about it.

    Attributes:
        actions: What to do, by a check's name or `all`.
        findings: What was found so far.
    """

    actions: Mapping[str, Action]
    findings: list[Finding] = field(default_factory=list)

    def action(self, check: Check[Any]) -> Action:
        """Return what is to be done."""
        return self.actions.get(check.name, self.actions.get(ALL, check.default))

    def looks(self, check: Check[Any]) -> bool:
        """Tell whether the check is to look at the data at all."""
        return self.action(check) is not Action.off

    def mends(self, check: Check[Any], problems: Sequence[Problem]) -> bool:
        """Tell whether the check is to mend what it has found.

        Raises:
            UserError: What it has found is to end the run.
        """
        if problems and self.action(check) is Action.fail:
            raise _refusal(check, problems)
        return bool(problems) and self.action(check) is Action.fix

    def note(
        self, check: Check[Any], problems: Sequence[Problem], mended: Collection[Problem] = ()
    ) -> None:
        """Take note of what was found, and of what of it was mended."""
        done = {id(problem) for problem in mended}
        self.findings += [_finding(check, problem, id(problem) in done) for problem in problems]

    def note_streamed(self, check: Check[Any], problems: Sequence[Problem]) -> None:
        """Take note of what cannot be mended in rows that are streamed.

        Raises:
            UserError: It is to be mended, or to end the run.
        """
        if self.mends(check, problems):
            raise UserError(
                f"{KEY}.{check.name}=fix: {_told(problems)}. Rows that are streamed cannot be "
                "mended so.",
                f"Set {KEY}.{check.name}=warn, or {STREAMED} where the rows fit into memory.",
            )
        for problem in problems:
            remedy = f"With {STREAMED}, {_remedy(check)}"
            self.findings.append(
                Finding(
                    check=check.name,
                    message=problem.message,
                    remedy=f"{problem.advice} {remedy}".strip(),
                    column=problem.column,
                    rows=problem.rows,
                    detail=problem.detail,
                )
            )


def _finding(check: Check[Any], problem: Problem, mended: bool) -> Finding:
    return Finding(
        check=check.name,
        message=problem.message,
        remedy=(
            f"{check.mended} {problem.undo}" if mended else f"{problem.advice} {_remedy(check)}"
        ).strip(),
        column=problem.column,
        rows=problem.rows,
        fixed=mended,
        detail=problem.detail,
    )


def _remedy(check: Check[Any]) -> str:
    return f"{KEY}.{check.name}=fix to {check.mend}."


def _refusal(check: Check[Any], problems: Sequence[Problem]) -> UserError:
    own = f"{problems[0].advice} {_remedy(check)}".strip()
    return UserError(
        f"{KEY}.{check.name}=fail: {_told(problems)}.",
        f"{own} {KEY}.{check.name}=warn to go on as it is.",
    )


def _told(problems: Sequence[Problem]) -> str:
    first, others = problems[0], len(problems) - 1
    place = f"column '{first.column}': " if first.column else ""
    more = f" ({others} more like it)" if others else ""
    return f"{place}{first.message}{more}"
