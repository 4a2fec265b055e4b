"""Splits are complete and disjoint, hold what they promise, and follow from the seed alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Split, UserError
from mlfw_tabular.splitting import Division, Request, divide, given_parts

labels = st.lists(st.integers(0, 3), min_size=20, max_size=200).map(np.array)
groups = st.lists(st.integers(0, 12), min_size=20, max_size=200).map(np.array)
shares = st.floats(0.1, 0.4)
seeds = st.integers(0, 2**32)


def parts_of(division: Division) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return division.train, division.validation, division.test


def by_chance(classes: np.ndarray, validation: float, test: float, seed: int) -> list[np.ndarray]:
    split = Split(validation=validation, test=test)
    request = Request(rows=len(classes), split=split, seed=seed, labels=classes)
    try:
        return list(parts_of(divide(request)))
    except UserError:
        return []


def check_whole(division: Division, rows: int) -> None:
    assert sorted(np.concatenate(parts_of(division))) == list(range(rows))
    for part in parts_of(division):
        assert len(part)
        assert part.dtype == np.int64
        assert list(part) == sorted(part)


@given(labels, shares, shares, seeds)
@settings(deadline=None)
def test_every_row_stands_in_exactly_one_split(
    classes: np.ndarray, validation: float, test: float, seed: int
) -> None:
    parts = by_chance(classes, validation, test, seed)

    if parts:
        check_whole(Division(train=parts[0], validation=parts[1], test=parts[2]), len(classes))


@given(labels, shares, shares, seeds)
@settings(deadline=None)
def test_every_class_keeps_its_share(
    classes: np.ndarray, validation: float, test: float, seed: int
) -> None:
    parts = by_chance(classes, validation, test, seed)

    for label, size in enumerate(np.bincount(classes)) if parts else ():
        _, in_validation, in_test = ((classes[part] == label).sum() for part in parts)
        assert abs(in_test - test * size) <= 1
        assert abs(in_validation - validation * size) <= 1


@given(groups, labels, shares, shares, seeds)
@settings(deadline=None)
def test_no_group_stands_in_two_splits(
    owners: np.ndarray, classes: np.ndarray, validation: float, test: float, seed: int
) -> None:
    rows = min(len(owners), len(classes))
    owners, classes = owners[:rows], classes[:rows]
    split = Split(validation=validation, test=test, group="owner")
    request = Request(rows=rows, split=split, seed=seed, labels=classes, groups=owners)

    if len(np.unique(owners)) < 3:
        with pytest.raises(UserError, match="groups cannot be divided into 3 splits"):
            divide(request)
        return
    division = divide(request)

    check_whole(division, rows)
    held = [set(owners[part]) for part in parts_of(division)]
    assert sum(map(len, held)) == len(set(owners))


@given(groups, shares, shares, seeds)
@settings(deadline=None)
def test_no_split_is_larger_than_its_share_by_more_than_the_largest_group(
    owners: np.ndarray, validation: float, test: float, seed: int
) -> None:
    if len(np.unique(owners)) < 3:
        return
    split = Split(validation=validation, test=test, group="owner")
    division = divide(Request(rows=len(owners), split=split, seed=seed, groups=owners))

    wanted = [1 - validation - test, validation, test]
    for part, share in zip(parts_of(division), wanted, strict=True):
        assert len(part) - share * len(owners) <= np.bincount(owners).max() + 1e-9


def test_whole_groups_keep_the_shares_of_classes_nearly() -> None:
    random = np.random.default_rng(0)
    owners = random.integers(0, 300, 6000)
    usual = random.integers(0, 3, 300)  # most groups are mainly of one class
    classes = np.where(random.random(6000) < 0.8, usual[owners], random.integers(0, 3, 6000))
    split = Split(group="owner")

    division = divide(Request(rows=6000, split=split, labels=classes, groups=owners))

    for part, share in zip(parts_of(division), (0.6, 0.2, 0.2), strict=True):
        assert abs(len(part) / 6000 - share) < 0.005
        assert np.abs(np.bincount(classes[part]) / np.bincount(classes) - share).max() < 0.01


def test_another_seed_puts_other_groups_into_the_test_split() -> None:
    owners = np.repeat(np.arange(40), np.arange(1, 41))

    def tested(seed: int) -> set[int]:
        request = Request(rows=len(owners), split=Split(group="o"), seed=seed, groups=owners)
        return set(owners[divide(request).test].tolist())

    assert tested(1) == tested(1)
    assert tested(1) != tested(2)


@given(
    st.lists(st.integers(-50, 50), min_size=5, max_size=200).map(np.array), shares, shares, seeds
)
@settings(deadline=None)
def test_the_oldest_rows_train_and_the_newest_test(
    times: np.ndarray, validation: float, test: float, seed: int
) -> None:
    split = Split(validation=validation, test=test, time="when")
    request = Request(rows=len(times), split=split, seed=seed, times=times)

    if len(np.unique(times)) < 3:
        with pytest.raises(UserError, match="different times cannot be divided into 3 splits"):
            divide(request)
        return
    division = divide(request)

    check_whole(division, len(times))
    train, validation_times, test_times = (times[part] for part in parts_of(division))
    assert train.max() < validation_times.min()
    assert validation_times.max() < test_times.min()


def test_cuts_in_time_meet_the_shares() -> None:
    division = divide(Request(rows=100, split=Split(time="when"), times=np.arange(100)[::-1] / 2))

    assert list(division.test) == list(range(20))
    assert list(division.validation) == list(range(20, 40))


@given(groups, st.lists(st.integers(0, 30), min_size=200, max_size=200).map(np.array), seeds)
@settings(deadline=None)
def test_whole_groups_are_ordered_by_their_last_time(
    owners: np.ndarray, times: np.ndarray, seed: int
) -> None:
    times = times[: len(owners)]
    split = Split(time="when", group="owner")
    request = Request(rows=len(owners), split=split, seed=seed, groups=owners, times=times)
    last = np.array([times[owners == owner].max() for owner in owners])
    if len(np.unique(last)) < 3:
        return

    division = divide(request)

    check_whole(division, len(owners))
    held = [set(owners[part]) for part in parts_of(division)]
    assert sum(map(len, held)) == len(set(owners))
    train, validation, test = (last[part] for part in parts_of(division))
    assert train.max() < validation.min() <= validation.max() < test.min()


@given(st.integers(20, 100), st.integers(0, 5), st.integers(0, 5), seeds)
@settings(deadline=None)
def test_given_rows_stay_where_they_are_and_the_others_are_divided(
    rows: int, validation: int, test: int, seed: int
) -> None:
    assigned = given_parts(rows + validation + test, validation=validation, test=test)
    request = Request(rows=len(assigned), split=Split(), seed=seed, assigned=assigned)

    division = divide(request)

    check_whole(division, len(assigned))
    expected = {
        "validation": list(range(rows, rows + validation)),
        "test": list(range(rows + validation, rows + validation + test)),
    }
    for name, numbers in expected.items():
        part = getattr(division, name)
        if numbers:
            assert list(part) == numbers
        else:
            assert abs(len(part) - 0.2 * rows) <= 1
            assert part.max() < rows


def test_a_group_that_the_data_tear_apart_is_refused() -> None:
    assigned = np.array([0, 0, 1, 2], np.int8)
    torn = Request(rows=4, split=Split(group="o"), groups=np.array([0, 1, 2, 1]), assigned=assigned)
    whole = Request(
        rows=4, split=Split(group="o"), groups=np.array([0, 0, 2, 1]), assigned=assigned
    )

    with pytest.raises(UserError, match="of the group '1' into the training and the test split"):
        divide(torn)
    assert list(divide(whole).train) == [0, 1]


def test_times_beside_rows_that_are_all_assigned_are_refused() -> None:
    request = Request(
        rows=3, split=Split(time="t"), times=np.arange(3), assigned=np.array([0, 1, 2], np.int8)
    )

    with pytest.raises(UserError, match="say for each row where it belongs already"):
        divide(request)


def test_rows_with_labels_are_stratified_by_their_rarest_label() -> None:
    held = np.zeros((1000, 3), np.int8)
    held[:, 0] = 1
    held[::2, 1] = 1
    held[::50, 2] = 1

    division = divide(Request(rows=1000, split=Split(), labels=held))

    assert [held[part, 2].sum() for part in parts_of(division)] == [12, 4, 4]


def test_the_same_seed_gives_the_same_split() -> None:
    first = divide(Request(rows=1000, split=Split(), seed=7))
    again = divide(Request(rows=1000, split=Split(), seed=7))
    other = divide(Request(rows=1000, split=Split(), seed=8))

    for part, same in zip(parts_of(first), parts_of(again), strict=True):
        assert np.array_equal(part, same)
    assert not np.array_equal(first.train, other.train)


def test_the_split_of_a_seed_never_changes_from_version_to_version() -> None:
    split = Split(validation=0.25, test=0.25)
    owners = np.array([0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6])

    by_row = divide(Request(rows=12, split=split))
    by_group = divide(Request(rows=12, split=split, groups=owners, labels=np.arange(12) % 2))

    assert (list(by_row.validation), list(by_row.test)) == ([1, 6, 8], [2, 3, 11])
    assert (list(by_group.validation), list(by_group.test)) == ([5, 6, 10], [7, 8, 11])


def test_a_class_of_one_row_is_left_for_training() -> None:
    classes = np.array([0] * 20 + [1])

    assert 20 in divide(Request(rows=21, split=Split(), seed=3, labels=classes)).train


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(UserError, match="3 rows leave none for the validation split"):
        divide(Request(rows=3, split=Split(), labels=np.array([0, 1, 2])))
