"""Writing tells how much is written, and writes what it is given."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from mlfw.components import megabytes
from mlfw.pipeline.written import Written


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(megabytes, "SHORTEST", 0.0)


def test_a_large_piece_is_heard_of_piece_by_piece(tmp_path: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    content = bytes(range(256)) * 200_000

    with Written(len(content), lambda *step: told.append(step)).open(tmp_path / "file") as file:
        file.write(content)
        file.write(b"")

    assert (tmp_path / "file").read_bytes() == content
    assert told == [(done, 51, "MB, written") for done in (16, 32, 48, 51)]


def test_several_files_are_one_count_that_never_passes_its_total(tmp_path: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    table = pa.table({"n": pa.array(range(1_000_000))})
    several = Written(table.nbytes, lambda *step: told.append(step))

    for name in ("a", "b"):
        with several.open(tmp_path / name) as out, pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)

    assert pa.ipc.open_file(tmp_path / "b").read_all().equals(table)
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert done[-1] == 16
    assert all(total is not None and step <= total for step, total, _ in told)
