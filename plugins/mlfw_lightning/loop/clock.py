"""How long a training takes, and may take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Clock:
    """How long a training takes, over all its continuations.

    Attributes:
        limit: How many seconds it may take; None for any.
        before: How many seconds it took before: to start processes, and in earlier attempts.
        validation: How long the last validation took, which is still to come at the end.
    """

    limit: float | None = None
    before: float = 0.0
    validation: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How many seconds the training has taken."""
        return self.before + time.monotonic() - self.started

    @property
    def over(self) -> bool:
        """Whether it is time to validate and end."""
        return self.limit is not None and self.seconds + self.validation >= self.limit
