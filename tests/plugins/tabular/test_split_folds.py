"""Folds divide the training and validation rows anew, and hold what the split promises."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Fold, Split, UserError
from mlfw_tabular.splitting import Request, divide, fold_rows

classes = st.lists(st.integers(0, 3), min_size=10, max_size=120).map(np.array)
groups = st.lists(st.integers(0, 12), min_size=10, max_size=120).map(np.array)
counts = st.integers(2, 6)
repeats = st.integers(1, 3)
seeds = st.integers(0, 2**32)


def check_partition(folds: tuple[Fold, ...], rows: int, times: int) -> None:
    """Every row validates exactly once in every repeat, and trains in all other folds."""
    validating = np.bincount(np.concatenate([fold.validation for fold in folds]), minlength=rows)
    assert (validating == times).all()
    for fold in folds:
        assert sorted(np.concatenate([fold.train, fold.validation])) == list(range(rows))
        assert fold.train.dtype == fold.validation.dtype == np.int64
        assert list(fold.validation) == sorted(fold.validation)


@given(classes, counts, repeats, seeds)
@settings(deadline=None)
def test_every_row_validates_once_in_every_repeat(
    labels: np.ndarray, count: int, times: int, seed: int
) -> None:
    split = Split(folds=count, repeats=times)

    folds = fold_rows(Request(rows=len(labels), split=split, seed=seed, labels=labels))

    assert len(folds) == count * times
    check_partition(folds, len(labels), times)
    sizes = [len(fold.validation) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    for label, size in enumerate(np.bincount(labels)):
        held = [(labels[fold.validation] == label).sum() for fold in folds]
        assert all(abs(number - size / count) < 1 for number in held)


@given(groups, classes, counts, repeats, seeds)
@settings(deadline=None)
def test_no_group_trains_and_validates_in_one_fold(
    owners: np.ndarray, labels: np.ndarray, count: int, times: int, seed: int
) -> None:
    rows = min(len(owners), len(labels))
    owners, labels = owners[:rows], labels[:rows]
    split = Split(folds=count, repeats=times, group="owner")
    request = Request(rows=rows, split=split, seed=seed, labels=labels, groups=owners)

    if len(np.unique(owners)) < count:
        with pytest.raises(UserError, match=f"groups cannot be divided into {count} folds"):
            fold_rows(request)
        return
    folds = fold_rows(request)

    check_partition(folds, rows, times)
    for fold in folds:
        assert len(fold.validation)
        assert not set(owners[fold.train]) & set(owners[fold.validation])


@given(st.lists(st.integers(0, 40), min_size=10, max_size=120).map(np.array), counts, seeds)
@settings(deadline=None)
def test_folds_by_time_train_on_earlier_rows_alone(
    times: np.ndarray, count: int, seed: int
) -> None:
    request = Request(rows=len(times), split=Split(folds=count, time="t"), seed=seed, times=times)

    if len(np.unique(times)) <= count:
        with pytest.raises(UserError, match=f"cannot be divided into {count} folds"):
            fold_rows(request)
        return
    folds = fold_rows(request)

    assert len(folds) == count
    for earlier, later in itertools.pairwise(folds):
        grown = np.sort(np.concatenate([earlier.train, earlier.validation]))
        assert np.array_equal(grown, later.train)
    for fold in folds:
        assert times[fold.train].max() < times[fold.validation].min()
    assert len(folds[-1].train) + len(folds[-1].validation) == len(times)


def test_folds_hold_no_test_row_and_leave_the_split_as_it_is() -> None:
    plain = divide(Request(rows=100, split=Split(), seed=3))
    folded = divide(Request(rows=100, split=Split(folds=4), seed=3))

    assert np.array_equal(plain.test, folded.test)
    assert np.array_equal(plain.validation, folded.validation)
    check_partition(folded.folds, len(plain.train) + len(plain.validation), 1)


def test_repeats_differ_and_a_seed_gives_the_same_folds() -> None:
    request = Request(rows=60, split=Split(folds=3, repeats=2), seed=1)

    folds = fold_rows(request)

    first, second = ({tuple(fold.validation) for fold in part} for part in (folds[:3], folds[3:]))
    assert first != second
    for fold, same in zip(folds, fold_rows(request), strict=True):
        assert np.array_equal(fold.validation, same.validation)


def test_the_folds_of_a_seed_never_change_from_version_to_version() -> None:
    owners = np.array([0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6])
    split = Split(validation=0.25, test=0.25, folds=3)

    by_row = divide(Request(rows=12, split=split)).folds
    by_group = divide(Request(rows=12, split=split, groups=owners, labels=np.arange(12) % 2)).folds

    assert [list(fold.validation) for fold in by_row] == [[1, 2, 7], [0, 4, 8], [3, 5, 6]]
    assert [list(fold.validation) for fold in by_group] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_more_folds_than_rows_are_refused() -> None:
    with pytest.raises(UserError, match="there are only 5 training and validation rows"):
        fold_rows(Request(rows=5, split=Split(folds=6)))


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split(folds=1), "one part leaves none to train on"),
        (Split(repeats=2), "there are no folds to repeat"),
        (Split(folds=3, repeats=2, time="t"), "come out the same each time"),
        (Split(group="a", time="a"), "named by split.group already"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(split: Split, message: str) -> None:
    with pytest.raises(UserError, match=message):
        split.check()
