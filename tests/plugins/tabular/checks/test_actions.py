"""Every check finds its own case, leaves clean rows alone, and does what it is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from check_tables import NAMES, WRONG, Held, again, clean, load
from conftest import ROOT
from mlfw import Action, LoadContext, UserError
from mlfw.components.describe import describe_fields
from mlfw_tabular.checks import CHECKS


def test_there_is_a_case_for_every_check() -> None:
    assert set(WRONG) == set(NAMES)


@pytest.mark.parametrize("check", NAMES)
def test_off_looks_away_and_changes_nothing(check: str) -> None:
    assert load(check, "off").findings == ()


@pytest.mark.parametrize("check", NAMES)
def test_warn_says_what_and_where_and_how_to_mend_it_and_changes_nothing(check: str) -> None:
    splits, before = load(check, "warn"), load(check, "off")

    (finding,) = splits.findings
    assert (finding.check, finding.column, finding.fixed) == (check, WRONG[check][1], False)
    assert f"dataset.checks.{check}=fix to {CHECKS[check].mend}." in finding.remedy
    if check != "drift":
        assert splits.train.equals(before.train)
        assert splits.test.equals(before.test)
    assert splits.schema == before.schema


@pytest.mark.parametrize("check", NAMES)
def test_fix_mends_it_so_that_the_check_finds_nothing_more(check: str) -> None:
    splits = load(check, "fix")

    (finding,) = splits.findings
    assert finding.fixed
    assert finding.remedy.startswith(CHECKS[check].mended)
    assert again(check, splits) == ()


@pytest.mark.parametrize("check", NAMES)
def test_fail_ends_the_run_and_names_the_key(check: str) -> None:
    with pytest.raises(UserError) as refused:
        load(check, "fail")

    assert f"dataset.checks.{check}=fail: " in refused.value.problem
    assert f"dataset.checks.{check}=warn to go on" in refused.value.remedy


def test_all_stands_for_every_check_that_is_not_named() -> None:
    table = WRONG["constant"][0]()
    both = Held(rows=table, checks={"all": Action.off, "constant": Action.warn})

    assert [finding.check for finding in both.load(LoadContext()).findings] == ["constant"]
    assert Held(rows=table, checks={"all": Action.off}).load(LoadContext()).findings == ()
    with pytest.raises(UserError, match="constant=fail"):
        Held(rows=table, checks={"all": Action.fail}).load(LoadContext())


def test_a_check_that_there_is_not_is_refused_with_the_one_meant() -> None:
    with pytest.raises(UserError, match="Did you mean 'duplicates'"):
        Held(checks={"duplicate": Action.fix}).check()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(rows=st.integers(60, 400), seed=st.integers(0, 10_000))
def test_nothing_is_found_in_clean_rows(rows: int, seed: int) -> None:
    table = clean(rows, seed)

    splits = Held(rows=table).load(LoadContext(seed=seed))

    assert splits.findings == ()
    assert splits.schema.names == tuple(table.column_names[:-1])
    assert splits.train.num_rows + splits.validation.num_rows + splits.test.num_rows == rows


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), order=st.permutations(NAMES))
def test_all_fixes_together_leave_rows_to_learn_from(seed: int, order: list[str]) -> None:
    table = WRONG[next(name for name in order if name != "drift")][0]()

    splits = Held(rows=table, checks={"all": Action.fix}).load(LoadContext(seed=seed))

    assert all(finding.fixed for finding in splits.findings)
    assert splits.schema.names
    assert min(splits.train.num_rows, splits.validation.num_rows, splits.test.num_rows)


def test_the_readme_and_the_help_name_every_check_and_its_default() -> None:
    readme = (ROOT / "README.md").read_text()
    help_text = next(f.help for f in describe_fields(Held) if f.name == "checks")

    for name, check in CHECKS.items():
        (line,) = [line for line in readme.splitlines() if line.startswith(f"| `{name}` |")]
        assert line.split(" | ")[2] == check.default
        assert check.default in (Action.warn, Action.fix)
        assert f"{name} (fix)" in help_text if check.default is Action.fix else name in help_text
