"""Every row is seen once an epoch by one process, from memory and from files alike."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw_lightning.loop import streamed as module
from mlfw_lightning.loop.batches import batches_of
from mlfw_tabular.arrays import Arrays, ArrayWriter, MemoryArrays, StoredArrays


def arrays_of(rows: int, folder: Path | None) -> Arrays:
    arrays = {
        "numbers": np.arange(rows, dtype=np.float32)[:, None],
        "codes": np.zeros((rows, 0), np.int32),
        "target/0": np.arange(rows),
    }
    if folder is None:
        return MemoryArrays(arrays)
    with ArrayWriter(folder) as writer:
        for start in range(0, rows, 7):
            writer.append({name: array[start : start + 7] for name, array in arrays.items()})
    return StoredArrays(folder)


def seen(
    rows: Arrays, size: int, epoch: int, rank: int, world: int, seed: int | None = 4
) -> list[list[int]]:
    batches = batches_of(rows, size, shuffle_seed=seed, rank=rank, world=world)
    batches.epoch = epoch
    found = []
    for batch in batches:
        assert batch.inputs.numbers[:, 0].long().equal(batch.targets[0])
        found.append(batch.targets[0].tolist())
    assert len(found) == len(batches)
    return found


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 5)
    monkeypatch.setattr(module, "WINDOW_BYTES", 12 * 20)


@pytest.mark.parametrize("stored", [False, True])
@given(
    rows=st.integers(1, 130),
    size=st.integers(1, 40),
    world=st.integers(1, 4),
    epoch=st.integers(0, 3),
)
@settings(deadline=None, max_examples=25)
def test_no_row_is_seen_twice_and_none_is_lost(
    stored: bool,
    rows: int,
    size: int,
    world: int,
    epoch: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = arrays_of(rows, tmp_path_factory.mktemp("rows") if stored else None)

    ranks = [seen(data, size, epoch, rank, world) for rank in range(world)]

    assert sorted(row for batches in ranks for batch in batches for row in batch) == [*range(rows)]
    assert len({len(batches) for batches in ranks}) == 1
    largest = max(sum(len(b) for b in step) for step in zip(*ranks, strict=True))
    assert largest <= size + (module.LANES if stored else 0)


@pytest.mark.parametrize("stored", [False, True])
@given(rows=st.integers(1, 300), size=st.integers(1, 40), epoch=st.integers(0, 3))
@settings(deadline=None, max_examples=10)
def test_batches_hold_the_same_rows_however_many_processes_share_them(
    stored: bool, rows: int, size: int, epoch: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = arrays_of(rows, tmp_path_factory.mktemp("rows") if stored else None)

    def whole(world: int) -> list[list[int]]:
        ranks = [seen(data, size, epoch, rank, world) for rank in range(world)]
        return [sorted(row for part in step for row in part) for step in zip(*ranks, strict=True)]

    assert whole(1) == whole(2) == whole(4) == whole(8)


@pytest.mark.parametrize("stored", [False, True])
def test_the_order_follows_from_seed_and_epoch(stored: bool, tmp_path: Path) -> None:
    data = arrays_of(100, tmp_path if stored else None)

    first, second, again = (seen(data, 8, epoch, 0, 1) for epoch in (0, 1, 1))

    assert first != second == again
    assert seen(data, 8, 1, 0, 1, seed=5) != second
    assert seen(data, 8, 1, 0, 1, seed=None) == [
        [*range(i, min(i + 8, 100))] for i in range(0, 100, 8)
    ]


def test_streamed_rows_are_mixed_beyond_their_blocks(tmp_path: Path) -> None:
    order = [row for batch in seen(arrays_of(100, tmp_path), 10, 0, 0, 1) for row in batch]

    blocks = [row // 5 for row in order]
    assert sum(a != b for a, b in pairwise(blocks)) > 60


def test_rows_can_be_read_on_after_their_folder_is_gone(tmp_path: Path) -> None:
    data = arrays_of(100, tmp_path / "rows")
    data.read(0, 1)
    for file in (tmp_path / "rows").iterdir():
        file.unlink()

    assert data.read(90, 100)["target/0"].tolist() == [*range(90, 100)]
