"""What went wrong in one of many ranks, and which of several failures came first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from socket import gethostname


class FailureCause(IntEnum):
    """How a rank has failed; a higher one is more likely the cause of the others."""

    exit = 0
    frozen = 1
    signal = 2
    mistake = 3

    @property
    def is_first(self) -> bool:
        """Whether it does not follow from a failure elsewhere."""
        return self >= FailureCause.frozen


@dataclass(frozen=True)
class RankFailure:
    """How one rank of a training has failed.

    Attributes:
        cause: In which way.
        problem: What to tell, such as "rank 1 was killed by signal 9 (SIGKILL)".
        remedy: What the user can do about it, where it is a mistake.
        ending: The last lines that the rank has written.
        host: Name of its machine.
    """

    cause: FailureCause
    problem: str
    remedy: str = ""
    ending: Sequence[str] = ()
    host: str = gethostname()

    @property
    def lines(self) -> str:
        """The last lines of the rank, indented, each on a line of its own."""
        return "".join(f"\n  {line}" for line in self.ending)


def first_cause(failures: Sequence[RankFailure]) -> RankFailure:
    """Return the failure from which the others follow, as far as can be told."""
    return max(failures, key=lambda failure: failure.cause)
