"""Progress over a whole run: shares, rates and the time left, by a clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mlfw.pipeline.progress import Course, Progress


@dataclass
class Watch:
    """A course, its clock, and what it has shown."""

    now: float = 0.0
    shown: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.course = Course(self.shown.append, clock=lambda: self.now)

    def rows(self, at: float, done: int, total: int, **values: float) -> Progress:
        self.now = at
        self.course.rows(done, total, values)
        return self.shown[-1]


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    watch.course.begin("fit")
    return watch


def test_a_fit_shows_its_share_its_rate_and_the_time_left(watch: Watch) -> None:
    watch.rows(0, 0, 1000)
    shown = watch.rows(10, 250, 1000)

    assert (shown.stage, shown.share, shown.rate) == ("fit", 0.25, 25)
    assert shown.left == pytest.approx(30)


def test_what_an_earlier_attempt_has_done_counts_for_the_share_and_not_for_the_pace(
    watch: Watch,
) -> None:
    watch.rows(0, 500, 1000)
    shown = watch.rows(10, 600, 1000)

    assert (shown.share, shown.rate) == (0.6, 10)
    assert shown.left == pytest.approx(40)


def test_what_is_made_ready_for_a_fit_is_no_part_of_it(watch: Watch) -> None:
    watch.course.preparing(0, 300, "rows, photo")
    watch.now = 10
    watch.course.preparing(100, 300, "rows, photo")
    ready = watch.shown[-1]
    watch.course.expected = {"fit": 100.0}
    watch.now = 30
    watch.course.preparing(300, 300, "rows, photo")
    begun = watch.shown[-1]
    shown = watch.rows(31, 0, 1000)

    assert (ready.place, ready.rate, ready.left) == ("100/300 rows, photo", 10, 20)
    assert begun.left == 70
    assert (shown.place, shown.share, shown.rate) == ("", 0, None)


def test_a_second_pass_over_the_same_has_a_pace_of_its_own(watch: Watch) -> None:
    for at, done in ((0, 10), (1, 990), (2, 100), (12, 200)):
        watch.now = at
        watch.course.count(done, 1000, "MB")

    assert watch.shown[-1].rate == 10
    assert watch.shown[-1].left == 80


def test_while_nothing_is_heard_the_time_left_runs_down(watch: Watch) -> None:
    watch.rows(0, 0, 1000)
    watch.rows(10, 500, 1000)
    watch.now = 14
    watch.course.tick()

    assert watch.shown[-1].left == 6


def test_an_estimate_that_fails_is_withdrawn_and_the_time_that_passes_stays(watch: Watch) -> None:
    watch.rows(0, 0, 1000)
    watch.course.epoch(98, 100, {"loss": 0.5})
    watch.rows(10, 980, 1000)
    for now in (12, 30, 31):
        watch.now = now
        watch.course.tick()

    overdue, later = watch.shown[-2:]
    assert (overdue.share, overdue.left, overdue.rate) == (None, None, None)
    assert (overdue.place, later.place) == ("epoch 98/100, 30 s", "epoch 98/100, 31 s")
    assert overdue.values == {"loss": 0.5}

    again = watch.rows(40, 990, 1000)
    assert again.share == 0.99
    assert again.left == pytest.approx(0.4, abs=0.1)


def test_a_share_of_which_only_the_beginning_is_known_is_withdrawn(watch: Watch) -> None:
    watch.course.count(0, 9, "checks, leaks")
    watch.now = 3
    watch.course.tick()

    assert watch.shown[-1] == Progress(stage="fit", place="0/9 checks, leaks, 3.0 s", unit="checks")


def test_an_expectation_that_has_passed_takes_the_share_with_it(watch: Watch) -> None:
    watch.course.expected = {"fit": 20.0}
    watch.rows(1, 0, 1000)
    watch.now = 15
    watch.course.tick()
    assert (watch.shown[-1].share, watch.shown[-1].left) == (0, 5)

    watch.now = 25
    watch.course.tick()
    assert (watch.shown[-1].share, watch.shown[-1].left) == (None, None)
    assert watch.shown[-1].place == "25 s"


def test_before_its_own_pace_tells_the_expectation_does(watch: Watch) -> None:
    watch.course.expected = {"fit": 100.0}
    watch.rows(0, 0, 1000)

    assert watch.rows(4, 1, 1000).left == 96
    assert watch.rows(10, 500, 1000).left == pytest.approx(10)


def test_the_time_left_is_that_of_the_whole_run() -> None:
    watch = Watch()
    watch.course.expected = {"tune": 60.0, "fit": 30.0, "evaluate": 2.0}
    watch.course.begin("tune")

    shown = watch.rows(1, 0, 100)

    assert shown.left == 59 + 30 + 2


def test_trials_and_folds_are_parts_of_parts() -> None:
    watch = Watch()
    watch.course.begin("tune")
    with watch.course.part("trial", 2, 20), watch.course.part("fold", 1, 4):
        shown = watch.rows(1, 50, 100)

    assert shown.place == "trial 3/20, fold 2/4"
    assert shown.share == pytest.approx((2 + (1 + 0.5) / 4) / 20)


def test_of_a_search_without_an_end_neither_share_nor_time_is_claimed() -> None:
    watch = Watch()
    watch.course.begin("tune")
    with watch.course.part("trial", 2, None):
        shown = watch.rows(1, 50, 100)

    assert (shown.place, shown.share, shown.left) == ("trial 3", None, None)


def test_a_fit_of_which_nothing_is_known_is_expected_to_take_as_long_as_a_trial() -> None:
    watch = Watch()
    watch.course.begin("tune")
    for number in range(2):
        with watch.course.part("trial", number, 4):
            watch.now += 10
            watch.rows(watch.now, 1, 1)

    assert watch.shown[-1].left == pytest.approx(30, abs=11)
    assert watch.course.expected["fit"] == 10


def test_losses_and_the_main_metric_are_shown_and_the_best_trial_so_far(watch: Watch) -> None:
    watch.course.main = "accuracy"
    watch.course.best("accuracy", 0.9)
    values = {"train/loss": 0.5, "lr": 0.1, "validation/accuracy": 0.8}
    watch.course.epoch(3, 10, values)

    shown = watch.shown[-1]
    assert shown.values == {"best accuracy": 0.9, "train/loss": 0.5, "validation/accuracy": 0.8}
    assert (shown.place, shown.share) == ("epoch 3/10", 0.3)


def test_ten_times_a_second_is_enough(watch: Watch) -> None:
    for step in range(1000):
        watch.rows(step / 1000, step, 1000)

    assert 9 <= len(watch.shown) <= 11


def test_a_stage_that_tells_nothing_shows_its_time_and_what_is_expected(watch: Watch) -> None:
    watch.course.expected = {"fit": 100.0}
    watch.now = 0.5
    watch.course.tick()
    assert not watch.shown

    watch.now = 25
    watch.course.tick()
    assert watch.shown[-1] == Progress(stage="fit", place="25 s", share=0.25, left=75)

    watch.now = 130
    watch.course.tick()
    assert watch.shown[-1] == Progress(stage="fit", place="2 min")


def test_a_tick_says_only_how_long_it_takes_of_a_stage_that_tells_itself(watch: Watch) -> None:
    told = watch.rows(1, 100, 1000)
    watch.now = 1.5
    watch.course.tick()
    assert watch.shown == [told]

    watch.now = 4
    watch.course.tick()
    assert (watch.shown[-1].share, watch.shown[-1].place) == (None, "4.0 s")


def test_a_stage_of_which_nothing_is_known_shows_how_long_it_has_taken(watch: Watch) -> None:
    watch.now = 3
    watch.course.tick()

    assert watch.shown == [Progress(stage="fit", place="3.0 s")]


def test_what_is_counted_shows_its_rate_and_its_unit(watch: Watch) -> None:
    watch.course.count(10, 100, "MB, rows.csv")
    watch.now = 4
    watch.course.count(50, 100, "MB, rows.csv")

    assert (watch.shown[-1].rate, watch.shown[-1].unit) == (10, "MB")
    assert watch.shown[-1].left == pytest.approx(5)


def test_counting_that_begins_anew_has_a_rate_of_its_own(watch: Watch) -> None:
    watch.course.count(90, 90, "rows, validation")
    watch.now = 1
    watch.course.count(20, 80, "rows, test")
    assert watch.shown[-1].rate is None

    watch.now = 3
    watch.course.count(60, 80, "rows, test")
    assert watch.shown[-1].rate == 20


def test_what_goes_on_after_all_is_counted_shows_its_time(watch: Watch) -> None:
    watch.course.count(80, 80, "rows")
    watch.now = 2
    watch.course.tick()

    assert watch.shown[-1] == Progress(stage="fit", place="2.0 s")


def test_what_is_not_counted_is_named_with_the_time_it_takes(watch: Watch) -> None:
    watch.course.expected = {"fit": 30.0}
    watch.rows(20, 990, 1000)
    watch.course.doing("saving the model")
    watch.now = 23
    watch.course.tick()
    named = watch.shown[-1]
    watch.now = 60
    watch.course.tick()

    assert (named.place, named.share) == ("saving the model, 3.0 s", None)
    assert named.left == pytest.approx(7)
    assert (watch.shown[-1].place, watch.shown[-1].left) == ("saving the model, 40 s", None)


def test_what_is_counted_takes_the_place_of_what_was_not(watch: Watch) -> None:
    watch.course.doing("starting")
    counted = watch.rows(5, 10, 100)
    watch.course.doing("starting")
    watch.now = 6
    watch.course.epoch(3, 10, {})

    assert counted.place == ""
    assert watch.shown[-1].place == "epoch 3/10"
