"""What has gone wrong in one of many processes, and which of several failures was the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mlfw import MlfwError, UserError


class Cause(IntEnum):
    """How a process has failed; what is higher is more likely the cause of the others."""

    exit = 0
    node_gone = 1
    frozen = 2
    signal = 3
    mistake = 4

    @property
    def is_first(self) -> bool:
        """Whether it does not follow from a failure elsewhere."""
        return self >= Cause.frozen


@dataclass(frozen=True)
class Failure:
    """How one process of a training has failed.

    Attributes:
        cause: In which way.
        problem: What to tell.
        remedy: What the user can do about it, where it is a mistake.
        ending: The last lines that the process has written.
    """

    cause: Cause
    problem: str
    remedy: str = ""
    ending: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the failure as JSON data."""
        return {
            "cause": self.cause.name,
            "problem": self.problem,
            "remedy": self.remedy,
            "ending": list(self.ending),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Failure:
        """Return what `to_json` has written."""
        return cls(Cause[data["cause"]], data["problem"], data["remedy"], tuple(data["ending"]))

    def error(self) -> MlfwError:
        """Return the failure as the error that ends the training."""
        if self.cause is Cause.mistake:
            return UserError(self.problem, self.remedy)
        ending = "".join(f"\n  {line}" for line in self.ending)
        return MlfwError(f"trainer: {self.problem}; the other ranks were ended.{ending}")


def first_cause(failures: Sequence[Failure]) -> Failure:
    """Return the failure from which the others follow, as far as can be told."""
    return max(failures, key=lambda failure: failure.cause)
