"""The line of progress: what it says, and that it never takes more room than there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import environment
from light_run import beside_light
from mlfw.cli.progress_line import progress_line
from mlfw.cli.wrapping import columns
from mlfw.pipeline.progress import Progress
from on_terminal import shown_on_terminal

FULL = Progress(
    stage="fit",
    place="epoch 12/100",
    share=0.473,
    rate=212_345.0,
    values={"train/loss": 0.31234, "validation/accuracy": 0.91},
    left=190.0,
    at_most=True,
)
MODEL = """
import time
from dataclasses import dataclass
import mlfw
from light_plugin import Light

@dataclass(kw_only=True)
class Slow(Light):
    '''Tells of its progress.'''
    uses_trainer = True

    def estimate(self, data, context):
        return mlfw.Estimate(seconds=60, basis="a guess", memory=10**9)

    def fit(self, data, context):
        for epoch in range(1, 3):
            for step in range(3):
                time.sleep(0.12)
                done = ((epoch - 1) * 3 + step + 1) * 1000
                context.progress(done, 6_000, {"train/loss": 1 / done})
            context.report(epoch, {"validation/loss": 0.25})
        context.note("the curve is flat")
        return super().fit(data, context)

@mlfw.hookimpl
def mlfw_models(): return {"slow": Slow}
"""
RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=slow",
       "metrics=[brier]", "tuner=grid", "tuner.space.share=[0.3,0.6]")  # fmt: skip


def test_with_room_everything_is_shown() -> None:
    assert progress_line(FULL, 200) == (
        "fit        47% [#########...........] epoch 12/100, 212k rows/s, train/loss 0.3123, "
        "validation/accuracy 0.91, 3 min left at most"
    )


def test_without_room_stage_percentage_and_time_left_stay() -> None:
    assert progress_line(FULL, 40) == "fit        47% 3 min left at most"
    assert progress_line(FULL, 52) == "fit        47% epoch 12/100, 3 min left at most"


def test_a_usual_terminal_has_room_for_a_bar() -> None:
    assert progress_line(FULL, 79) == (
        "fit        47% [####......] epoch 12/100, 212k rows/s, 3 min left at most"
    )


@given(
    st.builds(
        Progress,
        stage=st.text(max_size=12),
        place=st.text(max_size=30),
        share=st.none() | st.floats(0, 1),
        rate=st.none() | st.floats(0, 1e12),
        values=st.dictionaries(st.text(max_size=20), st.floats(), max_size=5),
        left=st.none() | st.floats(0, 1e9),
        at_most=st.booleans(),
    ),
    st.integers(1, 200),
)
def test_the_line_is_never_wider_than_the_terminal(progress: Progress, width: int) -> None:
    line = progress_line(progress, width)

    assert columns(line) <= width
    assert line.isprintable()


@pytest.mark.parametrize("width", [50, pytest.param(120, marks=pytest.mark.slow)])
def test_on_a_terminal_one_line_shows_trials_rates_losses_and_the_time_left(
    width: int, tmp_path: Path, small_csv: Path
) -> None:
    site = beside_light(tmp_path, "slow", MODEL)
    shown = shown_on_terminal(*RUN, folder=tmp_path, columns=width, PYTHONPATH=site)

    lines = re.split(r"[\r\n]+", shown)
    progress = [line.rstrip() for line in lines if re.search(r"\d%", line)]
    assert progress
    assert all(len(line) < width for line in lines if not line.startswith("mlfw: "))
    assert any("trial 2/2" in line for line in progress)
    for stage in ("prepare", "tune", "fit", "evaluate"):
        assert any(line.startswith(stage) for line in progress), stage
    # How long the preparing takes nobody knows yet when it begins.
    assert all(" left" in line for line in progress if not line.startswith("prepare"))
    assert "mlfw: the curve is flat" in lines
    if width == 120:
        assert any(re.search(r"fit +\d+% .*rows/s, train/loss 0\.", line) for line in progress)
        assert any("best brier" in line for line in progress)
    assert not lines[-1].strip()


def test_nothing_but_notes_is_shown_where_there_is_no_terminal(
    tmp_path: Path, small_csv: Path
) -> None:
    site = beside_light(tmp_path, "slow", MODEL)
    result = subprocess.run(
        [sys.executable, "-m", "mlfw", *RUN],
        cwd=tmp_path, env=environment(PYTHONPATH=site), capture_output=True, text=True,
        check=True,
    )  # fmt: skip

    assert all(line.startswith("mlfw: ") for line in result.stderr.splitlines())
    assert "the curve is flat" in result.stderr
    assert "\r" not in result.stderr
