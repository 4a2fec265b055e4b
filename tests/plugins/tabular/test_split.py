"""Splits are complete, disjoint, stratified, and follow from the seed alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Split, UserError
from mlfw_tabular.split import divide

labels = st.lists(st.integers(0, 3), min_size=20, max_size=200).map(np.array)
shares = st.floats(0.1, 0.4)


@given(labels, shares, shares, st.integers(0, 2**32))
@settings(deadline=None)
def test_every_row_stands_in_exactly_one_split(
    classes: np.ndarray, validation: float, test: float, seed: int
) -> None:
    try:
        parts = divide(len(classes), classes, Split(validation=validation, test=test), seed)
    except UserError:
        return

    assert sorted(np.concatenate(parts)) == list(range(len(classes)))
    for part in parts:
        assert list(part) == sorted(part)


@given(labels, shares, shares, st.integers(0, 2**32))
@settings(deadline=None)
def test_every_class_keeps_its_share(
    classes: np.ndarray, validation: float, test: float, seed: int
) -> None:
    try:
        parts = divide(len(classes), classes, Split(validation=validation, test=test), seed)
    except UserError:
        return

    for label, size in enumerate(np.bincount(classes)):
        _, in_validation, in_test = ((classes[part] == label).sum() for part in parts)
        assert abs(in_test - test * size) <= 1
        assert abs(in_validation - validation * size) <= 1


def test_the_same_seed_gives_the_same_split() -> None:
    first = divide(1000, None, Split(), 7)

    for part, again in zip(first, divide(1000, None, Split(), 7), strict=True):
        assert np.array_equal(part, again)
    assert not np.array_equal(first[0], divide(1000, None, Split(), 8)[0])


def test_the_split_of_a_seed_never_changes_from_version_to_version() -> None:
    train, validation, test = divide(12, None, Split(validation=0.25, test=0.25), 0)

    assert (list(validation), list(test)) == ([1, 6, 8], [2, 3, 11])
    assert len(train) == 6


def test_a_class_of_one_row_is_left_for_training() -> None:
    classes = np.array([0] * 20 + [1])

    assert 20 in divide(21, classes, Split(), 3)[0]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(UserError, match="3 rows leave none for the validation split"):
        divide(3, np.array([0, 1, 2]), Split(), 0)
