"""Work in threads returns, tells and fails as it would without them."""

from __future__ import annotations

import time

import pytest

from mlfw_tabular.threads import LEAST_VALUES, in_threads


def test_results_come_in_order_and_every_item_is_told_of() -> None:
    told: list[int] = []

    assert in_threads(lambda item: -item, range(100), LEAST_VALUES, told.append) == [
        -item for item in range(100)
    ]
    assert sorted(told) == list(range(100))


def test_after_a_failure_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def fail(item: int) -> None:
        begun.append(item)
        time.sleep(0.002)
        if item >= 3:
            raise ValueError(item)

    with pytest.raises(ValueError, match=r"^3$"):
        in_threads(fail, range(1000), LEAST_VALUES)
    assert len(begun) < 1000
