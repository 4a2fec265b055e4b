"""From counts to verdicts: how far each column has moved, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw_drift.report import ColumnDrift, Share, Verdict, in_words
from mlfw_drift.statistics import (
    adjusted,
    chance_index,
    chi_squared,
    merged_bins,
    rows_needed,
    smirnov,
    stability_index,
)
from mlfw_drift.tally import Tally

if TYPE_CHECKING:
    import numpy as np

MODERATE, LARGE = 0.1, 0.25  # usual limits of the index; Siddiqi (2006)
FALSE_ALARMS = 0.01  # chance that any column of a report is said to have moved where none has
UNSEEN = 0.02  # a share of new values that is worth telling, whatever the index


def judge(
    columns: Iterable[Tally], predictions: Iterable[Tally], weights: Mapping[str, float] | None
) -> tuple[tuple[ColumnDrift, ...], tuple[ColumnDrift, ...]]:
    """Return what was found of columns, the most important first, and of predictions.

    Args:
        columns: What was counted of columns.
        predictions: The same of predictions, by target.
        weights: The columns' importance, if it is known.
    """
    inputs, outputs = list(columns), list(predictions)
    tests = [_test(tally) for tally in (*inputs, *outputs)]
    p_values = adjusted([p for _, p in tests])
    chance = FALSE_ALARMS / max(len(tests), 1)
    found = [
        _judged(tally, ks, p, chance, None if weights is None else weights.get(tally.column.name))
        for tally, (ks, _), p in zip((*inputs, *outputs), tests, p_values, strict=True)
    ]
    first, last = found[: len(inputs)], found[len(inputs) :]
    first.sort(key=lambda each: (-(each.importance or 0.0), -each.psi, each.name))
    return tuple(first), tuple(last)


def _test(tally: Tally) -> tuple[float | None, float]:
    """Return the Kolmogorov-Smirnov distance of numbers, and a p-value."""
    first, second = tally.both()
    if not tally.numeric:
        return None, chi_squared(*merged_bins(first, second, ordered=False))
    ks, p = smirnov(first[:-1], second[:-1])
    missing = chi_squared(_present_or_missing(first), _present_or_missing(second))
    return ks, min(2 * min(p, missing), 1.0)


def _present_or_missing(counts: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.array([counts[:-1].sum(), counts[-1]])


def _judged(
    tally: Tally, ks: float | None, p: float, chance: float, weight: float | None
) -> ColumnDrift:
    before, rows = tally.before, max(tally.rows, 1)
    first, second = tally.both()
    merged = merged_bins(first, second, ordered=tally.numeric)
    raw, bins = stability_index(*merged), len(merged[0])
    index = max(raw - chance_index(first.sum(), second.sum(), bins), 0.0)
    needed = rows_needed(before.rows, max(bins, 2), LARGE, chance)
    unseen = tally.unseen / rows
    return ColumnDrift(
        name=tally.column.name,
        kind=tally.column.kind.value,
        verdict=_verdict(index, p, unseen, enough=needed is not None and tally.rows >= needed),
        psi=index,
        psi_raw=raw,
        ks=ks,
        p_value=p,
        importance=weight,
        rows=tally.rows,
        rows_needed=needed,
        missing=(before.missing / max(before.rows, 1), tally.missing / rows),
        unseen=unseen,
        outside=tally.outside / rows,
        misfits=tally.misfits / rows,
        median=_medians(tally, first, second),
        examples=tuple(tally.examples),
        shares=_shares(tally, first, second),
    )


def _verdict(index: float, p: float, unseen: float, *, enough: bool) -> Verdict:
    if p < FALSE_ALARMS and index >= LARGE:
        return Verdict.large
    if p < FALSE_ALARMS and (index >= MODERATE or unseen >= UNSEEN):
        return Verdict.moderate
    return Verdict.stable if enough else Verdict.unsure


def _medians(tally: Tally, first: np.ndarray, second: np.ndarray) -> tuple[float, float] | None:
    """Return about the medians of numbers, in training and now."""
    before = tally.before
    if not tally.numeric or before.low is None or before.high is None:
        return None
    edges = [before.low, *before.edges, before.high]
    found = [_median(counts[:-1], edges) for counts in (first, second)]
    return None if None in found else (found[0] or 0.0, found[1] or 0.0)


def _median(counts: np.ndarray, edges: Sequence[float]) -> float | None:
    import numpy as np

    if not counts.sum():
        return None
    upto = np.cumsum(counts) / counts.sum()
    place = int(np.searchsorted(upto, 0.5))
    start = upto[place - 1] if place else 0.0
    part = (0.5 - start) / (upto[place] - start)
    return float(edges[place] + part * (edges[place + 1] - edges[place]))


def _shares(tally: Tally, first: np.ndarray, second: np.ndarray) -> tuple[Share, ...]:
    before = tally.before
    if tally.numeric:
        edges = [in_words(edge, tally.column.kind.value) for edge in before.edges]
        last = f"above {edges[-1]}" if edges else "any value"
        names = [*(f"up to {edge}" for edge in edges), last][: len(before.counts)]
    elif tally.column.kind is Kind.image:
        names = ["there"]
    else:
        names = [*before.categories, "rare ones", "new ones"]
    totals = [max(float(each.sum()), 1.0) for each in (first, second)]
    return tuple(
        Share(name=name, before=float(one) / totals[0], now=float(two) / totals[1])
        for name, one, two in zip([*names, "missing"], first, second, strict=True)
        if one or two
    )
