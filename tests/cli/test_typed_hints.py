"""What a message says to type is typed as it stands, and is read as what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Mlfw
from mlfw.hints import override

RUN = ("run", "dataset=csv", "dataset.path=a.csv", "model=tree")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (["dataset.target=[q]"], override("dataset.target", "[q]")),
        (["dataset.target='z'"], override("dataset.target", "'z'")),
        (["dataset.target=p, s"], override("dataset.target", "p, s")),
        (["dataset.target=k", "dataset.drop='z'"], override("dataset.drop", "'z'")),
        (
            ["dataset.target=k", "dataset.columns.'z'=category"],
            override("dataset.columns", "category", name="'z'"),
        ),
    ],
)
def test_a_name_that_looks_like_a_list_or_quotes_is_answered_with_what_to_type(
    tmp_path: Path, mlfw_here: Mlfw, typed: list[str], hint: str
) -> None:
    rows = "".join(f"{i % 7},{i % 3},{i % 5},{'ab'[i % 2]}\n" for i in range(60))
    (tmp_path / "a.csv").write_text(f"[q],'z',\"p, s\",k\n{rows}")

    refused = mlfw_here(*RUN, *typed)

    assert refused.returncode == 2
    assert hint in refused.stderr
