"""Rows that are streamed are checked as those in memory are, in the one pass that divides them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from check_tables import NAMES, WRONG, changed, clean, load, with_column
from mlfw import Action, LoadContext, Split, StreamedSplits, UserError
from mlfw_tabular.checks import CHECKS
from mlfw_tabular.parquet import Parquet

MENDED = {
    "missing_target", "infinities", "constant", "identifiers", "rare_classes", "imbalance",
    "leaks", "drift",
}  # fmt: skip
MANY = 150_000


def streamed(
    table: pa.Table, folder: Path, checks: dict[str, Action], split: Split | None = None
) -> StreamedSplits:
    folder.mkdir()
    path = folder / "rows.parquet"
    pq.write_table(table, path, row_group_size=50_000)
    dataset = Parquet(path=str(path), target=["y"], stream=True, checks=checks)  # type: ignore[arg-type]
    data = dataset.load(LoadContext(split=split or Split(), folder=folder))
    assert isinstance(data, StreamedSplits)
    return data


def only(check: str, action: str) -> dict[str, Action]:
    return {"all": Action.off, check: Action(action)}


def wrong(check: str) -> tuple[pa.Table, Split]:
    """Return the table that is wrong in one way, and how its rows are divided."""
    parts = ["train"] * 140 + ["validation"] * 50 + ["test"] * 50
    if check == "unseen_classes":
        return with_column("part", parts, changed("y", range(200, 210), "perhaps")), Split(
            column="part"
        )
    if check != "drift":
        return WRONG[check][0](), Split()
    size = np.random.default_rng(1).normal(10, 3, len(parts)) + 9 * np.repeat([0, 1], [190, 50])
    return with_column("part", parts, with_column("size", size)), Split(column="part")


def test_clean_rows_pass(tmp_path: Path) -> None:
    assert streamed(clean(), tmp_path / "rows", {}).findings == ()


@pytest.mark.parametrize("check", NAMES)
def test_warn_says_what_it_says_of_rows_in_memory(check: str, tmp_path: Path) -> None:
    table, split = wrong(check)
    data = streamed(table, tmp_path / "rows", only(check, "warn"), split)

    (finding,) = data.findings
    assert (finding.check, finding.column, finding.fixed) == (check, WRONG[check][1], False)
    assert f"dataset.checks.{check}=fix to {CHECKS[check].mend}." in finding.remedy
    assert ("With dataset.stream=false, " in finding.remedy) == (check not in MENDED)
    if check not in ("drift", "overlap", "future_dates", "outliers", "unseen", "unseen_classes"):
        assert finding.message == load(check, "warn").findings[0].message


@pytest.mark.parametrize("check", NAMES)
def test_off_looks_away(check: str, tmp_path: Path) -> None:
    table, split = wrong(check)

    assert streamed(table, tmp_path / "rows", only(check, "off"), split).findings == ()


@pytest.mark.parametrize("check", NAMES)
def test_fail_ends_the_run_and_names_the_key(check: str, tmp_path: Path) -> None:
    table, split = wrong(check)
    with pytest.raises(UserError, match=f"dataset.checks.{check}=fail: "):
        streamed(table, tmp_path / "rows", only(check, "fail"), split)


@pytest.mark.parametrize("check", sorted(MENDED))
def test_fix_mends_what_can_be_mended_on_the_way(check: str, tmp_path: Path) -> None:
    table, split = wrong(check)
    data = streamed(table, tmp_path / "rows", only(check, "fix"), split)

    (finding,) = data.findings
    assert finding.fixed
    assert finding.remedy.startswith(CHECKS[check].mended)
    rows = pa.concat_tables(batch for name in data.files for batch in data.batches(name))
    if check in ("constant", "identifiers", "leaks", "drift"):
        assert WRONG[check][1] not in rows.column_names
        assert WRONG[check][1] not in data.schema.names
    if check == "infinities":
        assert rows["size"].null_count == 4
        assert data.schema.column("size").missing
    if check == "rare_classes":
        assert set(data.schema.only.classes) == {"no", "yes"}
        assert rows.num_rows == table.num_rows - 3
    if check == "imbalance":
        assert data.schema.only.classes == ("yes", "no")
        assert data.schema.only.weights[0] < data.schema.only.weights[1]


@pytest.mark.parametrize("check", sorted(set(NAMES) - MENDED))
def test_fix_of_what_cannot_be_mended_says_so(check: str, tmp_path: Path) -> None:
    table, split = wrong(check)
    with pytest.raises(UserError) as refused:
        streamed(table, tmp_path / "rows", only(check, "fix"), split)

    assert f"dataset.checks.{check}=fix: " in refused.value.problem
    assert "cannot be mended" in refused.value.problem
    assert f"dataset.checks.{check}=warn" in refused.value.remedy
    assert "dataset.stream=false" in refused.value.remedy


def test_of_many_rows_a_sample_is_compared_and_columns_are_judged_by_all(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    size = random.normal(size=MANY)
    size[-30_000:] = size[:30_000]
    table = pa.table(
        {
            "size": size,
            "number": np.concatenate([np.arange(MANY - 30_000), np.arange(30_000)]) + 7.0,
            "nearly": np.where(np.arange(MANY) < MANY - 1, 3, 4),
            "always": np.full(MANY, 2.5),
            "y": np.array(["no", "yes"])[np.arange(MANY) % 2],
        }
    )

    data = streamed(table, tmp_path / "rows", {})

    found = {finding.check: finding for finding in data.findings}
    assert found["constant"].column == "always"
    assert "identifiers" not in found  # a fifth of the numbers stand there twice
    assert found["duplicates"].rows == pytest.approx(20_000, rel=0.05)  # two thirds of 30,000
    assert "in a sample of" in found["duplicates"].message
    assert "in a sample of" in found["overlap"].message


def test_numbers_of_rows_are_found_in_many_row_groups(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": np.arange(MANY) * 3,
            "name": [f"row-{i}" for i in range(MANY)],
            "size": np.random.default_rng(0).normal(size=MANY),
            "y": np.arange(MANY) % 2,
        }
    )

    data = streamed(table, tmp_path / "rows", {})

    assert {f.column for f in data.findings if f.check == "identifiers"} == {"id", "name"}
    assert data.schema.names == ("size",)
