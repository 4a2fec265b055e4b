"""How far a run is, and how long it will take yet."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock

from mlfw.quantities import duration
from mlfw.runs.stages import STAGES

REFRESH_SECONDS = 0.1
SILENT_SECONDS = 0.9
# After so long a silence it is shown how much time has passed.
LONG_SILENCE = 2.0
# A share of a stage from which on its own pace tells more than what was expected of it.
TELLING_SHARE, TELLING_SECONDS = 0.02, 0.5


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is shown of a run under way.

    Attributes:
        stage: The stage.
        place: Where in the stage the run is, such as `trial 3/20, epoch 7/100`.
        share: How much of the stage is done, 0 to 1; None where that is not known.
        rate: How many rows, or of whatever is counted, a second; None where nothing is.
        unit: What is counted.
        values: The latest values by name, such as the loss, the more telling first.
        left: How many seconds the whole run takes yet; None where that is not known.
        at_most: Whether it may be fewer.
    """

    stage: str
    place: str = ""
    share: float | None = None
    rate: float | None = None
    unit: str = "rows"
    values: Mapping[str, float] = field(default_factory=dict)
    left: float | None = None
    at_most: bool = False


@dataclass
class _Part:
    """One of several equal parts of a stage, such as a trial: its name, its number from 0."""

    name: str
    number: int
    total: int | None

    def __str__(self) -> str:
        return f"{self.name} {self.number + 1}" + (f"/{self.total}" if self.total else "")


class Course:
    """Keeps account of a run's progress and shows it, at most ten times a second.

    Attributes:
        expected: How many seconds each stage is expected to take, where that is known.
        at_most: Whether they may take fewer.
        main: The main metric's name, which is shown beside the losses.
    """

    def __init__(
        self, show: Callable[[Progress], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show = show
        self._clock = clock
        self.expected: dict[str, float] = {}
        self.at_most = False
        self.main = ""
        self._stage = ""
        self._parts: list[_Part] = []
        self._lasting: dict[str, float] = {}
        self._shown = -math.inf
        self._heard = self._began = clock()
        self._first: tuple[float, float] | None = None
        self._last_share = 0.0
        self._values: dict[str, float] = {}
        self._place = ""
        self._rate: float | None = None
        self._unit = "rows"
        self._first_count: tuple[float, int] | None = None
        self._last_count = 0
        self._inner: float | None = None
        self._apart = False
        self._to_do: int | None = None
        self._uncounted: float | None = None
        self._lock = RLock()

    def begin(self, stage: str) -> None:
        """Take note that a stage begins."""
        self._stage = stage
        self._shown = -math.inf
        self._began = self._clock()
        self._first = None
        self._lasting = {}
        self._begin_fit()

    def end(self, stage: str) -> None:
        """Take note that a stage has ended, or had ended before."""
        self.expected.pop(stage, None)

    @contextmanager
    def part(self, name: str, number: int, total: int | None) -> Iterator[None]:
        """Let the block be one of several equal parts of the stage, or of the part around it.

        Args:
            name: What it is, such as `trial`.
            number: Which one, from 0.
            total: How many there are; None where that is not known.
        """
        began = self._clock()
        self._parts.append(_Part(name, number, total))
        self._begin_fit()
        self._refresh(0.0)
        try:
            yield
            # One part is one fit: better than nothing where no estimate was to be had.
            self.expected.setdefault("fit", self._clock() - began)
        finally:
            self._parts.pop()

    def side_by_side(self, place: str, share: float) -> None:
        """Take note of where the stage is whose parts go on at the same time.

        Args:
            place: Where, such as `trial 12/40, 3 running`.
            share: How much of the stage is done, 0 to 1.
        """
        self._begin_fit()
        self._place = place
        self._refresh(share)

    def best(self, name: str, value: float) -> None:
        """Take note of the best value so far of what the stage searches."""
        self._lasting = {f"best {name}": value}

    def rows(self, done: int, total: int, values: Mapping[str, float]) -> None:
        """Take note of a fit's progress; see `FitContext.progress`."""
        if self._apart or self._uncounted is not None:
            self._begin_fit()
        self._values.update(values)
        self._pace(done, "rows")
        self._refresh(done / max(total, 1))

    def epoch(self, epoch: int, total: int | None, values: Mapping[str, float]) -> None:
        """Take note that an epoch of a fit has ended; see `FitContext.report`."""
        self._values.update(values)
        self._uncounted = None
        self._place = f"epoch {epoch}" + (f"/{total}" if total else "")
        self._refresh(epoch / total if total else None)

    def count(self, done: int, total: int | None, what: str) -> None:
        """Take note of what a stage has counted; see `LoadContext.progress`."""
        self._refresh(self._counted(done, total, what))

    def doing(self, what: str) -> None:
        """Take note that something begins of which nothing is counted, such as saving a model."""
        self._begin_fit()
        self._place, self._uncounted = what, self._clock()
        self._refresh(None)

    def done(self) -> None:
        """Take note that what was begun by `doing` has ended."""
        self._begin_fit()

    def preparing(self, done: int, total: int | None, what: str) -> None:
        """Take note of what is made ready for a fit; see `FitContext.preparing`.

        It is counted apart: the fit itself has not begun.
        """
        self._to_do = total - done if total else None
        self._refresh(self._counted(done, total, what), apart=True)

    def _counted(self, done: int, total: int | None, what: str) -> float | None:
        """Take note of a count, and return the share that is done, 0 to 1."""
        self._uncounted = None
        self._place = f"{done:,}{f'/{total:,}' if total else ''} {what}"
        self._pace(done, what.partition(",")[0])
        return done / total if total else None

    def _pace(self, done: int, unit: str) -> None:
        """Take note of how fast it goes since the counting began, or began anew."""
        now = self._clock()
        if self._first_count is None or unit != self._unit or done < self._last_count:
            self._first_count, self._unit, self._rate = (now, done), unit, None
        self._last_count = done
        since, before = self._first_count
        if now > since:
            self._rate = (done - before) / (now - since)

    def tick(self) -> None:
        """Show that time passes, where nothing else was told for a while; from any thread."""
        with self._lock:
            if self._clock() - max(self._shown, self._began) >= SILENT_SECONDS:
                if self._inner == 1:
                    self._begin_fit()  # what was told of is done, and something else goes on
                self._display(self._clock())

    def _begin_fit(self) -> None:
        self._values, self._place, self._inner = {}, "", None
        self._rate, self._first_count, self._apart = None, None, False
        self._uncounted = None

    def _refresh(self, inner: float | None, *, apart: bool = False) -> None:
        """Show where the run is.

        Args:
            inner: How much is done of the innermost part, 0 to 1; None where not known.
            apart: Whether that is no part of the stage's own work.
        """
        with self._lock:
            now = self._heard = self._clock()
            self._inner, self._apart = inner, apart
            if now - self._shown >= REFRESH_SECONDS:
                self._display(now)

    def _display(self, now: float) -> None:
        """Show where the run is by what was heard last."""
        self._shown = now
        share = self._share(0.0 if self._apart and self._parts else self._inner)
        left = self._left(self._left_apart() if self._apart else self._stage_left(share, now))
        told = self._inner is not None or self._parts or self._place
        silent = now - self._heard >= LONG_SILENCE
        if silent and left is None:
            share = None  # it takes longer than was thought, and nobody knows how much longer
        self._show(
            Progress(
                stage=self._stage,
                place=self._where(now, silent=silent),
                share=share if told else self._share_by_time(now),
                rate=None if silent else self._rate,
                unit=self._unit,
                values=self._telling(),
                left=left,
                at_most=self.at_most,
            )
        )

    def _where(self, now: float, *, silent: bool) -> str:
        """Return what goes on, and how long it has, or the stage has, where nothing else tells."""
        places = [*map(str, self._parts), self._place]
        since = self._began if silent or not any(places) else None
        since = since if self._uncounted is None else self._uncounted
        if since is not None and (silent or self._uncounted is not None or self._inner is None):
            places.append(duration(now - since))
        return ", ".join(filter(None, places))

    def _share_by_time(self, now: float) -> float | None:
        """Return how much of the stage is done if it takes as long as was expected, not longer."""
        expected, taken = self.expected.get(self._stage, 0.0), now - self._began
        return taken / expected if taken < expected else None

    def _share(self, inner: float | None) -> float | None:
        for part in reversed(self._parts):
            if part.total is None:
                return None
            inner = (part.number + (inner or 0.0)) / part.total
        return inner if inner is None else min(inner, 1.0)

    def _telling(self) -> dict[str, float]:
        """Return the best value so far, the losses and the main metric; all where none is one."""
        named = {
            name: value
            for name, value in self._values.items()
            if name.endswith("loss") or name.rpartition("/")[2] == self.main
        }
        return self._lasting | (named or self._values)

    def _left(self, stage: float | None) -> float | None:
        """Return how long the run takes yet if the stage takes so many seconds."""
        if stage is None or self._stage not in STAGES:
            return stage
        later = STAGES[STAGES.index(self._stage) + 1 :]
        return stage + sum(self.expected.get(name, 0.0) for name in later)

    def _left_apart(self) -> float | None:
        """Return how long the stage takes while its own work has not begun."""
        if self._stage in self.expected:
            return self._expected_left()
        if self._to_do is None or not self._rate or self._parts:
            return None
        return max(self._to_do / self._rate - (self._clock() - self._heard), 0.0)

    def _expected_left(self) -> float | None:
        left = self.expected[self._stage] - (self._clock() - self._began)
        return left if left > 0 else None  # it takes longer than was expected: who knows

    def _stage_left(self, share: float | None, now: float) -> float | None:
        if share == 1:
            return 0.0
        if share is not None:
            # What was done before the first call was perhaps done in an earlier attempt.
            if self._first is None or share < self._last_share:
                self._first = now, share
            self._last_share = share
            since, before = self._first
            taken, done = self._heard - since, share - before
            expected = self._stage in self.expected
            if taken > TELLING_SECONDS and done > (TELLING_SHARE if expected else 0):
                left = taken * (1 - share) / done - (now - self._heard)
                return left if left > 0 else None  # nothing was heard for too long: who knows
        return self._expected_left() if self._stage in self.expected else None
