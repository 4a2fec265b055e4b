"""Progress of jobs: one at a time as ever, several at a time by how many run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import mlfw
from mlfw.pipeline.job_watch import JobWatch, Place
from mlfw.pipeline.progress import Course, Progress

NEEDS = mlfw.Resources()


def followed(slots: int, folds: int = 0, before: int = 0) -> tuple[JobWatch, list[Progress]]:
    """Return a watch of trials, and what it shows."""
    shown: list[Progress] = []
    ticks = iter(range(1000))
    course = Course(shown.append, clock=lambda: next(ticks))
    course.begin("tune")
    workers = SimpleNamespace(slots=lambda _: slots)
    work: Any = SimpleNamespace(workers=workers, course=course)

    def places(job: mlfw.Job) -> list[Place]:
        found: list[Place] = [("trial", job.arguments["trial"], 4)]
        return [*found, ("fold", job.arguments["fold"], folds)] if folds else found

    return JobWatch(work, places, NEEDS, before), shown


def job(trial: int, fold: int = 0) -> mlfw.Job:
    return mlfw.Job("fit", {"trial": trial, "fold": fold}, label=f"trial {trial}, fold {fold}")


def test_one_at_a_time_shows_the_trial_its_epoch_and_its_values() -> None:
    watch, shown = followed(slots=1)
    watch.started(job(1), "")
    watch.told(job(1), {"epoch": [2, 4, {"loss": 0.5}]})

    assert shown[-1].place == "trial 2/4, epoch 2/4"
    assert shown[-1].share == pytest.approx((1 + 0.5) / 4)
    assert shown[-1].values == {"loss": 0.5}


def test_several_at_a_time_show_how_many_run_and_how_much_is_done() -> None:
    watch, shown = followed(slots=3)
    for number in range(3):
        watch.started(job(number), "")
    watch.told(job(0), {"rows": [50, 100, {"loss": 1.0}]})
    watch.told(job(2), {"epoch": [1, 4, {"loss": 1.0}]})

    assert shown[-1].place == "trial 3/4, 3 running"
    assert shown[-1].share == pytest.approx((0.5 + 0.25) / 4)
    watch.ended(job(0))
    assert shown[-1].place == "trial 3/4, 2 running"
    assert shown[-1].share == pytest.approx((1 + 0.25) / 4)


def test_a_fold_counts_as_a_part_of_its_trial_and_earlier_trials_as_done() -> None:
    watch, shown = followed(slots=2, folds=2, before=1)
    watch.started(job(1, 0), "")
    watch.started(job(1, 1), "")
    watch.ended(job(1, 0))

    assert shown[-1].place == "trial 2/4"
    assert shown[-1].share == pytest.approx((1 + 0.5) / 4)


def test_a_job_that_is_started_again_is_counted_once() -> None:
    watch, shown = followed(slots=2)
    watch.started(job(0), "")
    watch.told(job(0), {"rows": [80, 100, {}]})
    watch.ended(job(0))  # its worker was lost
    watch.started(job(0), "")

    assert shown[-1].share == 0
    watch.ended(job(0))
    assert shown[-1].share == pytest.approx(1 / 4)
